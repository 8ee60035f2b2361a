import { Link } from "wouter";
import { CodeBlock } from "../../parts/code-block.tsx";
import { Facts } from "../../parts/facts.tsx";
import type { Integration } from "./queries.ts";
import { SCHEMES } from "./schemes.ts";

/** Whether the service has to call Heddle. It need not if the secret is optional, since Heddle then connects to the service instead. */
export const isCalled = ({ webhook, env_vars, setup }: Webhooked): boolean => {
  const secret = env_vars.find(({ key }) => key === secretOf(setup));
  return webhook !== null && (secret === undefined || secret.required || secret.is_set);
};

/** The URL to enter at the sending service, and how that service has to prove who it is. */
export function WebhookUrl({ integration: { webhook, env_vars, setup } }: { integration: Webhooked }) {
  if (!webhook) return null;
  const url = webhook.url ?? `${location.origin}${webhook.path}`;
  const secret = secretOf(setup);
  return (
    <>
      <CodeBlock text={url} what="webhook URL" wrap />
      {isLocal(url) && (
        <p className="faint">
          Only this computer reaches that address. For a service on the internet,{" "}
          <Link href="/settings?q=BASE_URL">set the server's public address</Link>.
        </p>
      )}
      <Facts
        facts={[
          webhook.description !== null && ["What for", webhook.description],
          webhook.scheme !== null && ["Sender", SCHEMES[webhook.scheme] ?? webhook.scheme],
          secret !== undefined && [
            "Secret",
            <span key="secret">
              the value of <code>{secret}</code>
              {env_vars.some(({ key, is_set }) => key === secret && !is_set) && ", which is not set yet"}
            </span>,
          ],
        ]}
      />
    </>
  );
}

type Webhooked = Pick<Integration, "webhook" | "env_vars"> & { setup?: Record<string, unknown> | null };

/** The name of the setting with which the sender signs. */
function secretOf(setup: Record<string, unknown> | null | undefined): string | undefined {
  const { verifier } = (setup?.webhook ?? {}) as { verifier?: { secret?: unknown } };
  return typeof verifier?.secret === "string" ? verifier.secret : undefined;
}

function isLocal(url: string): boolean {
  const { hostname } = new URL(url, location.origin);
  return ["localhost", "127.0.0.1", "[::1]"].includes(hostname);
}

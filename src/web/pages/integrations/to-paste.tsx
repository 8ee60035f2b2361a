import { useQuery } from "@tanstack/react-query";
import { ApiFailure } from "../../api/failure.ts";
import { fetchSignedIn } from "../../api/sign-in-again.ts";
import { ApiError } from "../../parts/api-error.tsx";
import { CodeBlock } from "../../parts/code-block.tsx";
import type { IntegrationDetail } from "./queries.ts";
import classes from "./set-up-page.module.css";

interface ToPaste {
  title: string;
  path: string;
  description?: string;
  url?: string;
}

/** What the manifest says that people paste at the service. */
export const toPasteOf = ({ setup }: Pick<IntegrationDetail, "setup">): ToPaste[] =>
  ((setup as { to_paste?: ToPaste[] } | null)?.to_paste ?? []).filter(({ title, path }) => title && path);

/** Each text with its heading, and a link to where it goes. */
export function TextsToPaste({ integration }: { integration: IntegrationDetail }) {
  return (
    <div className={classes.event}>
      {toPasteOf(integration).map((one) => (
        <OneText key={one.path} id={integration.id} {...one} />
      ))}
    </div>
  );
}

function OneText({ id, title, path, description, url }: ToPaste & { id: string }) {
  const { data, error, refetch } = useQuery({
    queryKey: ["integrations", "to-paste", id, path],
    queryFn: () => ask(`/integrations/${encodeURIComponent(id)}${path}`),
  });
  return (
    <div>
      <h3 className={classes.title}>{title}</h3>
      {description !== undefined && <p className={classes.lead}>{description}</p>}
      {error && <ApiError error={error} onRetry={() => void refetch()} />}
      {data !== undefined && <CodeBlock text={data} what={title} />}
      {url !== undefined && (
        <p>
          <a href={url} target="_blank" rel="noopener noreferrer">
            Paste it at {new URL(url).host}
          </a>
        </p>
      )}
    </div>
  );
}

async function ask(path: string): Promise<string> {
  const response = await fetchSignedIn(new Request(new URL(path, location.origin))).catch(() => {
    throw ApiFailure.unreachable();
  });
  if (!response.ok) throw await ApiFailure.of(response);
  return response.text();
}

// The text that `heddle dev` prints when it is ready: where everything is, and how to send the first webhook.

import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Integrations } from "../../integrations/registry/integrations.ts";
import type { IntegrationView } from "../../integrations/registry/view.ts";
import type { Settings } from "../../integrations/settings/settings.ts";
import { signWebhook, type WebhookVerifier } from "../../sdk/signatures/descriptor.ts";
import type { Dev } from "./dev.ts";
import { readScript } from "./script.ts";

/** The parts of a running server that the text needs. */
export interface DevServer {
  url: string | null;
  integrations: Pick<Integrations, "list" | "whenReady">;
  settings: Pick<Settings, "get" | "set" | "delete" | "effective" | "environmentChanged">;
}

/** An example of the webhook's body, which `heddle new` writes. */
const EXAMPLE = "dev.webhook.json";

/** Waits until the integrations are loaded. Generates the webhook's secret where none is set. */
export async function welcome(dev: Dev, server: DevServer): Promise<string> {
  const { config, folder } = dev;
  await server.integrations.whenReady;
  const ids = dev.integrations.map(({ id }) => id);
  const views = server.integrations.list().filter(({ id }) => ids.includes(id));
  const script = await readScript([folder, ...views.map((view) => view.folder)]);
  const lines = [
    `\nHeddle dev serves ${ids.join(", ")} from ${folder}`,
    `  URL      ${server.url}`,
    `  Key      ${config.apiKey}`,
    `  Home     ${config.home}`,
    `  Model    ${modelText(script)}`,
    ...dev.hints.map((hint) => `  Note     ${hint}`),
  ];
  for (const view of views) lines.push(...(await about(view, dev, server)));
  lines.push("", "Save a file, and its new version is live. Ctrl-C ends it.", "");
  return lines.join("\n");
}

function modelText(script: Awaited<ReturnType<typeof readScript>>): string {
  if (!script.ok) return `scripted, but ${script.problem}`;
  const from = script.file ?? "dev.script.yaml, which does not exist yet";
  return `scripted by ${from}; /tool {json} in a message calls a tool`;
}

async function about(view: IntegrationView, { config, folder }: Dev, { url, settings }: DevServer) {
  const { id, status, error, setup } = view;
  if (error) {
    const place =
      error.file === undefined ? "" : `${error.file}${error.line === undefined ? "" : `:${error.line}`}: `;
    return ["", `${id} is ${status}: ${place}${error.reason}`];
  }
  const { webhook } = setup ?? {};
  const verifier = webhook?.verifier;
  const secret = verifier && (await secretOf(view, verifier.secret, config.environment, settings));
  const unset = view.settings.filter(
    (setting) => setting.required && settings.effective(id, setting).value === null,
  );
  const lines: string[] = [];
  if (unset.length > 0) {
    lines.push(
      "",
      `${id} has no ${unset.map(({ key }) => key).join(", ")}: set what it needs in ${join(folder, ".env")}`,
    );
  }
  if (!webhook) return lines;
  const file = join(view.folder, EXAMPLE);
  const body = (await readFile(file, "utf8").catch(() => "{}")).trim();
  const path = webhook.path.startsWith("/integrations/")
    ? webhook.path
    : `/integrations/${id}${webhook.path}`;
  const headers = signature(body, verifier, secret);
  lines.push("", `A webhook for ${id}:`);
  if (await stat(file).catch(() => undefined)) {
    lines.push(`  heddle receive ${id} ${file} --home ${config.home}`);
  }
  const flags = Object.entries(headers).map(([name, value]) => ` -H ${quoted(`${name}: ${value}`)}`);
  lines.push(`  curl -s ${url}${path}${flags.join("")} --data-raw ${quoted(body)}`);
  return lines;
}

/** The configured secret; otherwise a generated one, which is kept until a real one is set. */
async function secretOf(
  { id }: IntegrationView,
  key: string,
  environment: Readonly<Record<string, string | undefined>>,
  settings: DevServer["settings"],
): Promise<string> {
  if (environment[key] && settings.effective(id, { key, default: null }).source === "stored")
    await settings.delete(id, key);
  const known = settings.get(id, key);
  if (known !== undefined) return known;
  const made = `whsec_${crypto.getRandomValues(Buffer.alloc(24)).toString("base64")}`;
  await settings.set(id, [{ key, value: made, secret: true }]);
  return made;
}

function signature(
  body: string,
  verifier: (WebhookVerifier & { secret: string }) | undefined,
  secret: string | undefined,
): Record<string, string> {
  if (!verifier || secret === undefined) return { "content-type": "application/json" };
  return signWebhook(body, { ...verifier, secret });
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

// Writes src/web/api/openapi.gen.ts and scopes.gen.ts: the types of the REST API, and the scope that each route needs, from the
// OpenAPI document of the current sources. The types are not in version control, so that two changes to routes never conflict in them. `bun run check` runs this first.

import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { AppParts } from "../../src/http/api/parts.ts";
import { createApp } from "../../src/http/app.ts";
import { createLog } from "../../src/log.ts";

const folder = join(import.meta.dirname, "..", "..", "src", "web", "api");

/** Stands for a part of a server, and for each of its functions. No route is called, so they have nothing to do. */
// biome-ignore lint/suspicious/noExplicitAny: it is every part
const nothing: any = new Proxy(() => nothing, {
  get: (_, name) => (name === "list" || name === "ids" ? () => [] : nothing),
});

/** A wing whose parts the API spreads, so that each of them needs its name. */
type Wing<Name extends "conversation" | "content" | "integrations" | "models" | "policies"> = Record<
  keyof Required<AppParts[Name]>,
  typeof nothing
>;
const conversation: Wing<"conversation"> = {
  ...{
    inbox: nothing,
    sealer: nothing,
    actions: nothing,
    directory: nothing,
    sessions: nothing,
    channels: nothing,
  },
  ...{ channelSessions: nothing, bindings: nothing, tasks: nothing, outbox: nothing, events: nothing },
  ...{ chat: nothing, openAi: nothing, schedules: nothing, budgets: nothing, people: nothing },
};
const content: Wing<"content"> = {
  ...{ workspace: nothing, botFiles: nothing, homeFiles: nothing, copiesOfSkills: nothing },
  ...{ bots: nothing, documents: nothing, memories: nothing, reindex: nothing, embeddings: nothing },
  ...{
    tools: nothing,
    tryTool: nothing,
    callToolOverMcp: nothing,
    dispatchers: nothing,
    skills: nothing,
    carapaces: nothing,
    templates: nothing,
  },
  ...{ capabilitiesOf: nothing, missingNames: nothing, transcription: nothing, workspace: nothing },
};
const integrations: Wing<"integrations"> = {
  ...{ registry: nothing, settings: nothing, states: nothing, store: nothing, activations: nothing },
  ...{ installPackages: nothing, connections: nothing, listConnections: nothing, accounts: nothing },
};
const models: Wing<"models"> = { providers: nothing, probe: nothing, listModels: nothing };
const policies: Wing<"policies"> = { policies: nothing, approvals: nothing, toolOf: nothing };
const PARTS: AppParts = {
  conversation,
  content,
  integrations,
  models,
  access: nothing,
  policies,
  mcp: nothing,
  codingAgents: nothing,
  processes: nothing,
};

type Source = Parameters<typeof openapiTypes>[0];

interface ApiDocument {
  paths: Record<string, Record<string, { security?: { bearer?: string[] }[] }>>;
}

async function openApiDocument(): Promise<ApiDocument> {
  const log = await createLog({ level: "error", format: "json", redact: (text) => text, write: () => {} });
  const options = {
    version: "0.0.0",
    db: nothing,
    log,
    baseUrl: () => undefined,
    publicUrl: () => undefined,
    localUrl: () => "http://localhost",
    isReady: async () => undefined,
    signal: new AbortController().signal,
    scalarBundle: async () => undefined,
    webFiles: async () => undefined,
    logs: nothing,
    server: nothing,
  };
  const app = createApp(PARTS, options);
  const answer = await app.fetch(new Request("http://localhost/swagger/all/json"), { address: "127.0.0.1" });
  if (!answer.ok) throw new Error(`The OpenAPI document cannot be made: ${await answer.text()}`);
  return (await answer.json()) as ApiDocument;
}

// TypeScript 7, which checks this project, has no programming interface: the generator gets version 5.
Bun.plugin({
  name: "the generator's TypeScript",
  setup: (build) => {
    build.module("typescript", async () => ({ exports: await import("typescript-5"), loader: "object" }));
  },
});
const { astToString, default: openapiTypes } = await import("openapi-typescript");
const apiDocument = await openApiDocument();
const types = astToString(await openapiTypes(apiDocument as unknown as Source));
await writeChanged("openapi.gen.ts", types);
await writeChanged("scopes.gen.ts", scopesText(apiDocument));

/** The routes of each scope, since far more routes than scopes would be repeated otherwise. */
function scopesText({ paths }: ApiDocument): string {
  const routes: Record<string, string[]> = {};
  for (const [path, operations] of Object.entries(paths)) {
    for (const [method, { security }] of Object.entries(operations)) {
      const scope = security?.[0]?.bearer?.[0];
      if (scope !== undefined) routes[scope] = [...(routes[scope] ?? []), `${method.toUpperCase()} ${path}`];
    }
  }
  return `/** By scope, the routes that need it. */
export const ROUTES_BY_SCOPE: Record<string, string[]> = ${JSON.stringify(routes, null, 2)};\n`;
}

// An unchanged file keeps its time, so that tools that watch it rest.
async function writeChanged(name: string, text: string): Promise<void> {
  const target = join(folder, name);
  if ((await readFile(target, "utf8").catch(() => "")) !== text) await writeFile(target, text);
}

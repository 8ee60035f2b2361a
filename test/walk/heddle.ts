// The Heddle that is walked over: a process that can be killed, from source or compiled, set up over its API alone.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startModel } from "../chat-contract/world.ts";
import { ADMIN_KEY, type HeddleProcess, lapse, launch } from "../faults/process.ts";
import { until } from "../until.ts";

export interface HeddleOptions {
  program: readonly string[];
  databaseUrl: string | undefined;
}

// biome-ignore lint/suspicious/noExplicitAny: answers are checked field by field
type Answer = any;

export interface Heddle {
  /** Where the server is; it stays there over a restart, since services know one address. */
  url(): string;
  /** Calls the REST API; throws with what it said. GET without a body. */
  api(path: string, body?: object, method?: string): Promise<Answer>;
  /** Calls a route of an integration, with the administrator's key. */
  route(path: string, body?: object, method?: string): Promise<Answer>;
  set(integration: string, settings: Record<string, string>): Promise<void>;
  /** What "Test connection" says. */
  test(integration: string): Promise<{ ok: boolean; message: string }>;
  connection(integration: string, name: string): Promise<{ status: string; detail: string } | undefined>;
  connected(integration: string, name: string): Promise<void>;
  allow(integration: string, person: string, name: string): Promise<void>;
  /** Calls of create_schedule wait for one of these people. */
  askPeople(approvers: string[]): Promise<void>;
  kill(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

export async function startHeddle({ program, databaseUrl }: HeddleOptions): Promise<Heddle> {
  const model = await startModel();
  const home = await mkdtemp(join(tmpdir(), "heddle-walk-"));
  let server: HeddleProcess;
  let url = "";

  async function start(): Promise<void> {
    if (databaseUrl !== undefined && url !== "") await lapse(databaseUrl);
    server = launch({
      program,
      environment: {
        ...(databaseUrl !== undefined && { DATABASE_URL: databaseUrl }),
        ...{ HEDDLE_HOME: home, PORT: url === "" ? "0" : new URL(url).port },
        ...{ UNATTENDED_RUNS_PER_HOUR: "0", BASE_URL: "https://heddle.example" },
        ...{ OPENAI_BASE_URL: `${model.url}/v1`, OPENAI_API_KEY: "x", ALLOW_PRIVATE_HOSTS: "127.0.0.1" },
      },
    });
    url = await server.started;
  }
  async function call(path: string, body?: object, method?: string): Promise<Answer> {
    const response = await fetch(`${url}${path}`, {
      method: method ?? (body ? "POST" : "GET"),
      headers: {
        authorization: `Bearer ${ADMIN_KEY}`,
        ...(body && { "content-type": "application/json" }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text.slice(0, 500)}`);
    return text === "" ? undefined : JSON.parse(text);
  }
  const api: Heddle["api"] = (path, body, method) => call(`/api/v1${path}`, body, method);
  const connection: Heddle["connection"] = async (integration, name) =>
    (await api(`/integrations/${integration}/connections`)).connections?.find(
      (one: { name: string }) => one.name === name,
    );
  await start();
  return {
    ...{ api, connection, start, url: () => url },
    route: (path, body, method) => call(`/integrations${path}`, body, method),
    async set(integration, settings) {
      await api(`/admin/integrations/${integration}/settings`, { settings }, "PUT");
    },
    test: (integration) => api(`/admin/integrations/${integration}/test-connection`, {}),
    async connected(integration, name) {
      await until(
        () => connection(integration, name),
        (found) => found?.status === "connected",
        { everyMs: 200, withinSeconds: 100 },
      );
    },
    async allow(integration_id, external_id, name) {
      await api("/people", { integration_id, external_id, name, status: "allowed" });
    },
    async askPeople(approvers) {
      const tools = ["create_schedule"];
      await api("/bots/default", { tools }, "PATCH");
      const asking = { name: "Schedules need a person", effect: "require_approval", tools };
      await api("/policies", { ...asking, approval: { approvers } });
    },
    async kill() {
      server.kill("SIGKILL");
      await server.ended;
    },
    async stop() {
      server.kill("SIGTERM");
      await server.ended;
      await model.stop();
      await rm(home, { recursive: true, force: true });
    },
  };
}

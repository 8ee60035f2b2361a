// The Heddle that is walked over: processes that can be killed, from source or compiled, set up over their API alone.

import { startModel } from "../chat-contract/world.ts";
import { ADMIN_KEY } from "../faults/process.ts";
import { until } from "../until.ts";
import { type Servers, type ServersOptions, startOne, startTwo } from "./servers.ts";

export interface HeddleOptions extends Omit<ServersOptions, "environment"> {
  /** Two share a PostgreSQL. */
  servers: 1 | 2;
}

// biome-ignore lint/suspicious/noExplicitAny: answers are checked field by field
type Answer = any;

export interface Heddle extends Servers {
  /** Calls the REST API; throws with what it said. GET without a body. */
  api(path: string, body?: object, method?: string): Promise<Answer>;
  /** Calls a route of an integration, with the administrator's key. */
  route(path: string, body?: object, method?: string): Promise<Answer>;
  set(integration: string, settings: Record<string, string>): Promise<void>;
  /** What "Test connection" says. */
  test(integration: string): Promise<{ ok: boolean; message: string }>;
  connection(
    integration: string,
    name: string,
  ): Promise<{ status: string; detail: string; since: string } | undefined>;
  connected(integration: string, name: string): Promise<void>;
  allow(integration: string, person: string, name: string): Promise<void>;
  /** Calls of create_schedule wait for one of these people. */
  askPeople(approvers: string[]): Promise<void>;
}

export async function startHeddle({ servers, ...options }: HeddleOptions): Promise<Heddle> {
  const model = await startModel();
  const start = servers === 2 ? startTwo : startOne;
  const { url, kill, halt, ...running } = await start({
    ...options,
    environment: {
      ...{ UNATTENDED_RUNS_PER_HOUR: "0", BASE_URL: "https://heddle.example" },
      ...{ OPENAI_BASE_URL: `${model.url}/v1`, OPENAI_API_KEY: "x", ALLOW_PRIVATE_HOSTS: "127.0.0.1" },
    },
  });
  async function call(path: string, body?: object, method?: string): Promise<Answer> {
    const response = await fetch(`${url()}${path}`, {
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
  // On a busy machine, what took too long to load is loaded again a while later.
  await until(
    () => api("/integrations"),
    ({ integrations }) =>
      integrations.every(({ status }: { status: string }) => ["ready", "partial"].includes(status)),
    { everyMs: 500, withinSeconds: 200 },
  );
  return {
    ...{ api, connection, url, kill, halt, start: running.start },
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
    async stop() {
      await running.stop();
      await model.stop();
    },
  };
}

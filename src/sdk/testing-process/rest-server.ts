// The part of Heddle's REST API that the SDK of a process uses, answered by a test's stand-ins.

import { HeddleError, notFound } from "../../errors.ts";
import type { SdkServices } from "../backend.ts";
import { optionsOf } from "../rest-fields.ts";
import type { StoreBackend } from "../store.ts";
import type { ConnectionReport, GivenDecision, JsonObject } from "../types.ts";

export interface RestParts {
  /** Returns the stand-ins at the time of a request; undefined without `fakeHeddle`. */
  services(): Partial<SdkServices> | undefined;
  store: StoreBackend;
}

interface Asked {
  /** The variable parts of the path. */
  parts: string[];
  query: URLSearchParams;
  body: JsonObject;
  /** Of a recording. */
  file: { data: Uint8Array; mediaType: string };
}

interface Route {
  method: string;
  path: RegExp;
  answer(asked: Asked): Promise<unknown>;
}

export function createRestServer(parts: RestParts): (request: Request) => Promise<Response> {
  const routes = [
    ...serviceRoutes(parts),
    ...controlRoutes(parts),
    ...peopleRoutes(parts),
    ...storeRoutes(parts),
  ];
  return async (request) => {
    const { pathname, searchParams: query } = new URL(request.url);
    try {
      const data = new Uint8Array(await request.arrayBuffer());
      const mediaType = request.headers.get("content-type") ?? "";
      const isJson = mediaType.startsWith("application/json");
      const body = isJson ? (JSON.parse(new TextDecoder().decode(data)) as JsonObject) : {};
      for (const { method, path, answer } of routes) {
        const found = method === request.method ? path.exec(pathname) : null;
        if (!found) continue;
        const given = {
          parts: found.slice(1).map(decodeURIComponent),
          ...{ query, body, file: { data, mediaType } },
        };
        const value = await answer(given);
        return value === undefined ? new Response(null, { status: 204 }) : Response.json(value);
      }
      throw new HeddleError("not_supported", `${request.method} ${pathname} is not available in a test.`);
    } catch (error) {
      return failure(error);
    }
  };
}

function failure(error: unknown): Response {
  const known = error instanceof HeddleError ? error : new HeddleError("internal", String(error));
  const { code, message, field = null, status } = known;
  return Response.json({ error: { code, message, field } }, { status });
}

const at = (method: string, path: string, answer: Route["answer"]): Route => ({
  method,
  // The paths are the constants below.
  path: new RegExp(`^/api/v1${path.replaceAll(":id", "([^/]+)")}$`),
  answer,
});

function serviceRoutes({ services }: RestParts): Route[] {
  type Name = "getOrCreateSession" | "injectMessage" | "injectEvent" | "ingestDocument" | "searchDocuments";
  const call = async (name: Name, fields: JsonObject): Promise<unknown> => {
    const given = services()?.[name] as ((options: object) => Promise<unknown>) | undefined;
    if (!given) throw new HeddleError("not_supported", `${name}() needs fakeHeddle() in the test.`);
    return given(optionsOf(name, fields));
  };
  return [
    at("POST", "/sessions", async ({ body }) => ({ session_id: await call("getOrCreateSession", body) })),
    at("POST", "/sessions/:id/messages", ({ parts: [session_id], body }) =>
      call("injectMessage", { session_id, ...body }),
    ),
    at("POST", "/events", ({ body }) => call("injectEvent", body)),
    at("POST", "/documents", async ({ body: { integration_id: _, ...body } }) => ({
      id: await call("ingestDocument", body),
    })),
    at("GET", "/documents/search", ({ query }) => {
      const { limit, ...fields } = Object.fromEntries(query);
      return call("searchDocuments", { ...fields, ...(limit !== undefined && { limit: Number(limit) }) });
    }),
    at("PUT", "/integrations/:id/connections/:id", async ({ parts: [, name = ""], body }) => {
      const { status, detail } = body as Pick<ConnectionReport, "status"> & { detail: string | null };
      await services()?.reportConnection?.({ name, status, ...(detail !== null && { detail }) });
    }),
    at("POST", "/transcribe", async ({ file }) => {
      const text = (await services()?.transcribe?.(file)) ?? null;
      if (text !== null) return { text };
      throw new HeddleError("not_supported", "There is no transcription.");
    }),
  ];
}

function controlRoutes({ services }: RestParts): Route[] {
  const controls = () => {
    const given = services()?.controls;
    if (given) return given;
    throw new HeddleError("not_supported", "channels and tasks need fakeHeddle({ controls }) in the test.");
  };
  return [
    at("GET", "/channels", async ({ query }) => {
      const channel = await controls().findChannel(query.get("client_id") ?? "");
      return { channels: channel ? [channel] : [] };
    }),
    at("PATCH", "/channels/:id", ({ parts: [id = ""], body }) => controls().patchChannel(id, body)),
    at("POST", "/channels/:id/reset", ({ parts: [id = ""] }) => controls().resetSession(id)),
    at("POST", "/channels/:id/compact", ({ parts: [id = ""] }) => {
      const { compactSession } = controls();
      if (compactSession) return compactSession(id);
      throw new HeddleError("not_supported", "channels.compact() needs controls with compactSession().");
    }),
    at("GET", "/tasks", async ({ query }) => {
      // The SDK requests each status separately; the first answer contains all unfinished tasks.
      const isFirst = query.get("status") === "pending";
      const ids = isFirst ? await controls().unfinishedTasks(query.get("channel_id") ?? "") : [];
      return { tasks: ids.map((id) => ({ id })) };
    }),
    at("GET", "/tasks/:id", ({ parts: [id = ""] }) => {
      const { getTask } = controls();
      if (getTask) return getTask(id);
      throw new HeddleError("not_supported", "tasks.get() needs controls with getTask().");
    }),
    // To the SDK an answer is one delivery, whose id is the task's.
    at("GET", "/deliveries", async ({ query }) => ({
      deliveries: [{ id: query.get("task_id"), kind: "result", can_correct: true, changed_by: null }],
    })),
    at("POST", "/deliveries/:id/correct", async ({ parts: [id = ""], body }) => {
      const { correctTask } = controls();
      if (!correctTask)
        throw new HeddleError("not_supported", "tasks.correct() needs controls with correctTask().");
      await correctTask(id, String(body.text));
      return {};
    }),
    at("POST", "/approvals/:id/decide", ({ parts: [id = ""], body }) => {
      const { decide } = controls();
      if (decide) return decide(id, body as unknown as GivenDecision);
      throw new HeddleError("not_supported", "approvals need fakeHeddle({ controls }) with decide().");
    }),
    at("POST", "/tasks/:id/cancel", async ({ parts: [id = ""] }) => ({
      status: await controls().cancelTask(id),
    })),
  ];
}

function peopleRoutes({ services }: RestParts): Route[] {
  const people = () => {
    const given = services()?.people;
    if (given) return given;
    throw new HeddleError("not_supported", "people need fakeHeddle() in the test.");
  };
  return [
    at("POST", "/people/check", ({ body: { external_id, name, place } }) =>
      people().check({
        id: String(external_id),
        name: String(name),
        ...(place !== undefined && { place: String(place) }),
      }),
    ),
    at("GET", "/people", async () => ({
      people: (await people().list()).map(({ id: external_id, ...person }) => ({ external_id, ...person })),
      next_cursor: null,
    })),
  ];
}

function storeRoutes({ store }: RestParts): Route[] {
  const path = "/integrations/:id/store";
  return [
    at("GET", path, async ({ query }) => ({
      entries: await store.list({
        prefix: query.get("prefix") ?? "",
        after: query.get("after") ?? undefined,
        limit: Number(query.get("limit")),
      }),
    })),
    at("GET", `${path}/:id`, async ({ parts: [, key = ""] }) => {
      const held = await store.read(key);
      if (!held) throw notFound("value", key);
      return held;
    }),
    at("PUT", `${path}/:id`, async ({ parts: [, key = ""], body }) => {
      const { value, secret, if_version, ttl_seconds } = body as {
        value: unknown;
        secret?: boolean;
        if_version?: string | null;
        ttl_seconds?: number;
      };
      const options = { secret, ifVersion: if_version, ttlSeconds: ttl_seconds };
      if (!(await store.write(key, value, options))) throw changed(key);
    }),
    at("DELETE", `${path}/:id`, async ({ parts: [, key = ""], query }) => {
      const ifVersion = query.get("if_version") ?? undefined;
      if (await store.remove(key, { ifVersion })) return;
      throw ifVersion === undefined ? notFound("value", key) : changed(key);
    }),
  ];
}

const changed = (key: string): HeddleError =>
  new HeddleError("conflict", `The value of "${key}" has changed.`);

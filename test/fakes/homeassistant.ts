// Home Assistant on loopback for tests: its websocket and the parts of its REST API that the integration uses. It refuses what the real one
// refuses: a wrong token, commands before authentication, ids that do not grow, unknown fields of commands, subscriptions that only an
// administrator may make, unknown services, services that answer without being asked to and those that cannot.

import type { ServerWebSocket } from "bun";
import { createHomeAuth } from "./homeassistant-auth.ts";

/** Of an administrator. */
export const TOKEN = "token-of-the-home-test";
/** Of a user who may only see states. */
export const USER_TOKEN = "token-of-a-user-of-the-home-test";
/** A user whom the person Ada belongs to. */
export const ADA = "5f1c1c2b0a4e4e0f9d8a1f2e3d4c5b6a";

interface State {
  entity_id: string;
  state: string;
  attributes: Record<string, unknown>;
  last_changed: string;
}

export interface FakeHome {
  url: string;
  states: Map<string, State>;
  /** Every change, with its time. */
  history: State[];
  /** Calls of services and fired events: "notify/mobile_app_ada", "heddle_answer". */
  called: { name: string; data: Record<string, unknown> }[];
  subscriptions(): string[];
  /** Changes a state and tells those who listen. */
  change(entity_id: string, state: string): void;
  fire(event_type: string, data: object, userId?: string | null): void;
  /** Sends nothing any more, not even an answer to a ping, as a half-open connection does. */
  mute(isMuted: boolean): void;
  /** The access tokens of people who signed in end, as they do after half an hour; connections are cut. */
  expire(): void;
  stop(): void;
}

interface Listener {
  isIn: boolean;
  isAdmin: boolean;
  last: number;
  events: Map<string, number>;
}

/** Whether the service answers: never, or only if it is asked to. */
const SERVICES: Record<string, "no" | "only"> = {
  "notify/mobile_app_ada": "no",
  "light/turn_on": "no",
  "lock/unlock": "no",
  "weather/get_forecasts": "only",
};
/** What a user who is no administrator may subscribe to (SUBSCRIBE_ALLOWLIST). */
const FOR_EVERYBODY = ["state_changed"];
/** Of its web server; proxies often take less. */
const MAX_LINE_SIZE = 24_570;

export function startFakeHome(port = 0): FakeHome {
  const states = new Map<string, State>([
    [
      "person.ada",
      {
        ...{ entity_id: "person.ada", state: "home", last_changed: new Date().toISOString() },
        attributes: { friendly_name: "Ada", user_id: ADA },
      },
    ],
  ]);
  const history: State[] = [];
  const called: FakeHome["called"] = [];
  const auth = createHomeAuth();
  const accepts = (token: unknown): boolean =>
    token === TOKEN || token === USER_TOKEN || auth.accepts(String(token));
  const sockets = new Set<ServerWebSocket<Listener>>();
  let isMuted = false;

  const server = Bun.serve<Listener>({
    hostname: "127.0.0.1",
    port,
    async fetch(request, server) {
      const { pathname, searchParams } = new URL(request.url);
      if (request.url.length > MAX_LINE_SIZE) return new Response("400: Bad Request", { status: 400 });
      if (pathname === "/api/websocket") {
        const data = { isIn: false, isAdmin: false, last: 0, events: new Map<string, number>() };
        return server.upgrade(request, { data }) ? undefined : new Response(null, { status: 400 });
      }
      if (pathname.startsWith("/auth/")) {
        return (await auth.answer(request)) ?? new Response(null, { status: 404 });
      }
      if (!accepts(request.headers.get("authorization")?.replace("Bearer ", "")))
        return new Response("401: Unauthorized", { status: 401 });
      if (pathname === "/api/config") return Response.json({ location_name: "Home", version: "2026.11.1" });
      if (pathname === "/api/states") return Response.json([...states.values()]);
      if (pathname.startsWith("/api/states/")) {
        const state = states.get(pathname.slice("/api/states/".length));
        return state
          ? Response.json(state)
          : Response.json({ message: "Entity not found." }, { status: 404 });
      }
      if (pathname === "/api/services") return Response.json(domains());
      if (pathname.startsWith("/api/history/period/")) return Response.json(periods(pathname, searchParams));
      if (pathname === "/api/conversation/process") return converse(request);
      const [, kind, name = ""] = /^\/api\/(services|events)\/(.+)$/.exec(pathname) ?? [];
      if (kind === undefined || request.method !== "POST") return new Response(null, { status: 404 });
      const wants = searchParams.has("return_response");
      if (kind === "services" && (SERVICES[name] === undefined || (SERVICES[name] === "only") !== wants))
        return new Response("400: Bad Request", { status: 400 });
      called.push({ name, data: (await request.json()) as Record<string, unknown> });
      if (kind === "events") return Response.json({ message: `Event ${name} fired.` });
      return Response.json(wants ? { changed_states: [], service_response: { "weather.home": {} } } : []);
    },
    websocket: {
      open(socket) {
        sockets.add(socket);
        say(socket, { type: "auth_required", ha_version: "2026.11.1" });
      },
      close: (socket) => void sockets.delete(socket),
      message(socket, text) {
        const message = JSON.parse(String(text));
        const { data } = socket;
        if (!data.isIn) {
          if (message.type !== "auth" || !accepts(message.access_token)) {
            const reason =
              message.type === "auth"
                ? "Invalid access token or password"
                : "Auth message incorrectly formatted";
            say(socket, { type: "auth_invalid", message: reason });
            socket.close();
            return;
          }
          data.isIn = true;
          data.isAdmin = message.access_token !== USER_TOKEN;
          say(socket, { type: "auth_ok", ha_version: "2026.11.1" });
          return;
        }
        if (!Number.isInteger(message.id) || message.id <= data.last)
          return say(socket, result(message.id, "id_reuse", "Identifier values have to increase."));
        data.last = message.id;
        if (message.type === "ping") return say(socket, { id: message.id, type: "pong" });
        if (message.type !== "subscribe_events")
          return say(socket, result(message.id, "unknown_command", "Unknown command."));
        const { id: _, type: __, event_type, ...others } = message;
        if (typeof event_type !== "string" || Object.keys(others).length > 0)
          return say(socket, result(message.id, "invalid_format", "extra keys not allowed"));
        if (!data.isAdmin && !FOR_EVERYBODY.includes(event_type))
          return say(socket, result(message.id, "unauthorized", "Unauthorized"));
        data.events.set(message.event_type, message.id);
        say(socket, { id: message.id, type: "result", success: true, result: null });
      },
    },
  });

  /** Assist, which understands one sentence. */
  async function converse(request: Request): Promise<Response> {
    const { text, ...others } = (await request.json()) as Record<string, unknown>;
    const unknown = Object.keys(others).filter(
      (key) => !["language", "conversation_id", "agent_id"].includes(key),
    );
    if (request.method !== "POST" || typeof text !== "string" || unknown.length > 0)
      return Response.json({ message: "Message format incorrect" }, { status: 400 });
    called.push({ name: "conversation/process", data: { text } });
    const isKnown = text === "Turn off all lights";
    const speech = {
      plain: { speech: isKnown ? "Turned off all lights" : "Sorry, I couldn't understand that" },
    };
    const response = { response_type: isKnown ? "action_done" : "error", language: "en", speech, data: {} };
    return Response.json({ response, conversation_id: "01J0000000000000000000" });
  }

  function say(socket: ServerWebSocket<Listener>, message: object): void {
    if (!isMuted) socket.send(JSON.stringify(message));
  }
  const result = (id: unknown, code: string, message: string) => ({
    ...{ id, type: "result", success: false },
    error: { code, message },
  });

  const domains = () =>
    ["notify", "light", "lock", "weather"].map((domain) => ({
      domain,
      services: Object.fromEntries(
        Object.entries(SERVICES)
          .filter(([name]) => name.startsWith(`${domain}/`))
          .map(([name, response]) => [
            name.slice(domain.length + 1),
            { description: name, fields: {}, ...(response === "only" && { response: { optional: false } }) },
          ]),
      ),
    }));

  /** As the history API answers: for each entity the state at the beginning, then the changes. */
  function periods(path: string, query: URLSearchParams): State[][] {
    const from = decodeURIComponent(path.split("/").at(-1) ?? "");
    return (query.get("filter_entity_id") ?? "").split(",").flatMap((entity) => {
      const own = history.filter(({ entity_id }) => entity_id === entity);
      const before = own.filter(({ last_changed }) => last_changed < from).at(-1);
      const after = own.filter(({ last_changed }) => last_changed >= from);
      const all = [...(before ? [before] : []), ...after];
      return all.length > 0 ? [all] : [];
    });
  }

  function tell(event_type: string, data: object, userId: string | null): void {
    const context = { id: crypto.randomUUID(), parent_id: null, user_id: userId };
    for (const socket of sockets) {
      const id = socket.data.events.get(event_type);
      const event = { event_type, data, time_fired: new Date().toISOString(), origin: "LOCAL", context };
      if (id !== undefined) say(socket, { id, type: "event", event });
    }
  }

  return {
    url: server.url.origin,
    states,
    history,
    called,
    subscriptions: () => [...sockets].flatMap(({ data }) => [...data.events.keys()]),
    change(entity_id, state) {
      const before = states.get(entity_id) ?? null;
      const now = {
        entity_id,
        state,
        attributes: { friendly_name: "Front door" },
        last_changed: new Date().toISOString(),
      };
      states.set(entity_id, now);
      history.push(now);
      tell("state_changed", { entity_id, old_state: before, new_state: now }, null);
    },
    fire: (event_type, data, userId = null) => tell(event_type, data, userId),
    mute(muted) {
      isMuted = muted;
    },
    expire() {
      auth.expire();
      for (const socket of sockets) socket.close();
    },
    stop: () => void server.stop(true),
  };
}

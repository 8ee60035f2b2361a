// Home Assistant on loopback for tests: its websocket and the parts of its REST API that the integration uses. It refuses what the real one
// refuses: a wrong token, commands before authentication, ids that do not grow, unknown services.

import type { ServerWebSocket } from "bun";

export const TOKEN = "token-of-the-home-test";

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
  stop(): void;
}

interface Listener {
  isIn: boolean;
  last: number;
  events: Map<string, number>;
}

const SERVICES = ["notify/mobile_app_ada", "light/turn_on"];

export function startFakeHome(port = 0): FakeHome {
  const states = new Map<string, State>();
  const history: State[] = [];
  const called: FakeHome["called"] = [];
  const sockets = new Set<ServerWebSocket<Listener>>();
  let isMuted = false;

  const server = Bun.serve<Listener>({
    hostname: "127.0.0.1",
    port,
    async fetch(request, server) {
      const { pathname, searchParams } = new URL(request.url);
      if (pathname === "/api/websocket") {
        const data = { isIn: false, last: 0, events: new Map<string, number>() };
        return server.upgrade(request, { data }) ? undefined : new Response(null, { status: 400 });
      }
      if (request.headers.get("authorization") !== `Bearer ${TOKEN}`)
        return new Response(null, { status: 401 });
      if (pathname === "/api/config") return Response.json({ location_name: "Home", version: "2026.11.1" });
      if (pathname === "/api/states") return Response.json([...states.values()]);
      if (pathname.startsWith("/api/history/period/")) return Response.json(periods(pathname, searchParams));
      const [, kind, name = ""] = /^\/api\/(services|events)\/(.+)$/.exec(pathname) ?? [];
      if (kind === undefined || request.method !== "POST") return new Response(null, { status: 404 });
      if (kind === "services" && !SERVICES.includes(name))
        return new Response("400: Bad Request", { status: 400 });
      called.push({ name, data: (await request.json()) as Record<string, unknown> });
      return Response.json(kind === "services" ? [] : { message: `Event ${name} fired.` });
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
          if (message.type !== "auth" || message.access_token !== TOKEN) {
            say(socket, { type: "auth_invalid", message: "Invalid access token or password" });
            socket.close();
            return;
          }
          data.isIn = true;
          say(socket, { type: "auth_ok", ha_version: "2026.11.1" });
          return;
        }
        if (!Number.isInteger(message.id) || message.id <= data.last)
          return say(socket, result(message.id, "id_reuse", "Identifier values have to increase."));
        data.last = message.id;
        if (message.type === "ping") return say(socket, { id: message.id, type: "pong" });
        if (message.type !== "subscribe_events")
          return say(socket, result(message.id, "unknown_command", "Unknown command."));
        data.events.set(message.event_type, message.id);
        say(socket, { id: message.id, type: "result", success: true, result: null });
      },
    },
  });

  function say(socket: ServerWebSocket<Listener>, message: object): void {
    if (!isMuted) socket.send(JSON.stringify(message));
  }
  const result = (id: unknown, code: string, message: string) => ({
    ...{ id, type: "result", success: false },
    error: { code, message },
  });

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
    stop: () => void server.stop(true),
  };
}

// Names in a body that do not exist. Every field of every body is a hard reference, a soft one, or no reference; an
// unlisted field fails, so that whoever adds one must decide.

import { beforeAll, expect, test } from "bun:test";
import SwaggerParser from "@apidevtools/swagger-parser";
import { carapace, skill } from "../../capabilities/fixture.ts";
import { embeddedDatabase } from "../../database.ts";
import { createHttpFixture, type HttpFixture, UNKNOWN_ID } from "../fixture.ts";

interface Route {
  name: string;
  method: string;
  path: string;
  fields: string[];
  example: Record<string, unknown>;
}

/** A value with an unknown name, and the warning; the object is stored. */
const SOFT: Record<string, [value: unknown, warning: string]> = {
  tools: [["nope"], 'There is no tool "nope".'],
  tools_disabled: [["nope_*"], `No tool's name fits "nope_*".`],
  skills: [[{ id: "nope", mode: "pinned" }], 'There is no skill "nope".'],
  carapaces: [["nope"], 'There is no carapace "nope".'],
  carapaces_disabled: [["nope"], 'There is no carapace "nope".'],
  template_id: ["nope", 'There is no template "nope".'],
  delegate_bots: [["nope", "*", "default"], 'There is no bot "nope".'],
  execution_config: [{ skills: ["nope"] }, 'There is no skill "nope".'],
};

/** A value with an unknown name, and the status; nothing is stored. */
const HARD: Record<string, [value: unknown, status: number, field?: string]> = {
  bot_id: ["nope", 400],
  dispatch_config: [{ type: "nope" }, 422, "dispatch_config.type"],
  session_id: [UNKNOWN_ID, 404],
  callback_config: [
    { notify_parent: true, parent_session_id: UNKNOWN_ID },
    404,
    "callback_config.parent_session_id",
  ],
  channel_id: [UNKNOWN_ID, 404],
  target_channel_id: [UNKNOWN_ID, 404],
  integration_type: ["nope", 422],
  scopes: [["taks:read"], 422, "scopes.0"],
  preset: ["nope", 422],
};

/** Fields that refer to nothing, or name the created object; models are known only to their endpoint. */
const PLAIN = [
  ...["action", "state", "code", "iss", "error", "error_description"],
  ...[
    "id",
    "status",
    "detail",
    "client_id",
    "kind",
    "page",
    "stack",
    "name",
    "display_name",
    "description",
    "title",
    "content",
    "source",
    "role",
    "author",
  ],
  ...["message", "attachments", "passive", "msg_metadata", "timeout_seconds", "client_tools", "results"],
  ...["metadata", "config", "value", "secret", "if_version", "ttl_seconds", "idempotency_key", "from_bot"],
  ...[
    "run_agent",
    "notify",
    "require_mention",
    "passive_memory",
    "allow_bot_messages",
    "thinking_display",
    "when_busy",
  ],
  ...[
    "private",
    "workspace",
    "prompt",
    "icon_emoji",
    "icon_url",
    "system_prompt",
    "max_iterations",
    "tool_retrieval",
    "max_tools",
    "mirror",
    "rows",
    "expires_at",
  ],
  ...["model", "fallback_models", "model_override", "enabled"],
  // Of a provider; a model is known only to its endpoint.
  ...["transport", "url", "command", "args", "env", "oauth", "issuer", "client_id", "client_secret", "scope"],
  ...["is_enabled", "timeout_seconds", "allow_private", "trust_annotations"],
  ...["adapter", "base_url", "unsupported", "models", "default_model", "is_default", "api_key", "headers"],
  // Of a person of a service.
  ...["external_id", "place", "code"],
  // Files of content, which may name what comes and goes.
  ...["text", "version"],
  // Files of a workspace.
  ...["path", "replace"],
  // Bindings check these against the manifest of their integration; see test/channels.
  ...["event", "event_filter"],
  // Of actions on many, of a rerun, of a read mark and of signing in.
  // And a try of a tool.
  // Of a budget; its subject is checked in budgets.test.ts.
  ...["scope", "subject", "metric", "period", "amount"],
  // Of a call in an eval, whose bot may be beside its fixtures.
  ...["fixture_bot", "tokens", "provider", "used"],
  // Of a schedule.
  ...["timing", "timezone", "missed", "overlap", "quiet_hours", "pre_check", "interval_minutes", "posts"],
  ...["filter", "dry_run", "limit", "cursor", "deliver", "message_id", "link", "arguments"],
  // Of a policy.
  ...[
    "effect",
    "priority",
    "kinds",
    "tainted",
    "reason",
    "approval",
    "policy",
    "replaces",
    "call",
    "approved",
    "choice",
    "by",
    "note",
  ],
  // Labels of a document, which can be found by them before such an integration exists.
  "integration_id",
];
/** Fields checked by tests of their own: settings, an approval's hash, a test webhook. */
const ADMIN = "/api/v1/admin/integrations/";

let http: HttpFixture;
let routes: Route[];
const open = embeddedDatabase();

beforeAll(async () => {
  http = await createHttpFixture(await open(), {
    metas: [{ integrationType: "github", clientIdPrefix: "github:" }],
  });
  http.skills.replaceOwner("core", [skill("triage")]);
  http.carapaces.replaceOwner("core", [
    carapace("base", "local_tools: [read_mail]\nskills: [triage, gone]\nrequires: { tools: [send_mail] }"),
    carapace("reviewer", "includes: [base, gone]"),
  ]);
  const { body } = await http.send("GET", "/swagger/all/json", { key: null });
  // biome-ignore lint/suspicious/noExplicitAny: a document without references
  const { paths } = (await SwaggerParser.dereference(body)) as any;
  routes = Object.entries<object>(paths)
    .filter(([path]) => !path.startsWith(ADMIN))
    .flatMap(([path, methods]) =>
      Object.entries(methods).flatMap(([method, { requestBody }]) => {
        const json = requestBody?.content["application/json"];
        const fields = Object.keys(json?.schema.properties ?? {});
        const name = `${method.toUpperCase()} ${path}`;
        return fields.length === 0
          ? []
          : [{ name, method: method.toUpperCase(), path, fields, example: json.example }];
      }),
    );
  expect(routes.length).toBeGreaterThan(12);
});

/** Creates what a route's path names, and returns the path with the ids. */
async function pathTo(route: Route): Promise<string> {
  const unique = crypto.randomUUID();
  const make = async (path: string, body: object) =>
    (await http.send("POST", `/api/v1${path}`, { body })).body;
  const kind = route.path.includes("{") ? route.path.replace("/admin/", "/").split("/")[3] : undefined;
  if (kind === "bots")
    return route.path.replace("{id}", (await make("/bots", { id: unique, name: "Helper" })).id);
  if (kind === "policies")
    return route.path.replace("{id}", (await make("/policies", { name: "A rule", effect: "deny" })).id);
  if (kind === "schedules") {
    const example = routes.find(({ name }) => name === "POST /api/v1/schedules")?.example;
    const made = await make("/schedules", { ...example, channel_id: await newChannel(unique) });
    return route.path.replace("{id}", made.id);
  }
  const client_id = `web:${unique}`;
  if (kind === "sessions") {
    return route.path.replace("{id}", (await make("/sessions", { client_id, bot_id: "default" })).session_id);
  }
  if (kind !== "channels") return route.path;
  const path = route.path.replace("{id}", (await make("/channels", { client_id })).id);
  if (!path.includes("{binding_id}")) return path;
  const place = { integration_type: "github", client_id: `github:${unique}` };
  const binding = await make(path.replace(/^\/api\/v1(.*)\/\{binding_id\}.*$/, "$1"), place);
  return path.replace("{binding_id}", binding.id);
}

const newChannel = async (name: string): Promise<string> =>
  (await http.send("POST", "/api/v1/channels", { body: { client_id: `web:of-${name}` } })).body.id;

/** Sends a route's example with one field changed. */
async function sendWith(route: Route, field: string, value: unknown) {
  const unique = crypto.randomUUID();
  const path = await pathTo(route);
  const { example } = route;
  const body = {
    ...example,
    ...("client_id" in example && { client_id: `github:other-${unique}` }),
    ...("id" in example && { id: `new-${unique}` }),
    ...("channel_id" in example && { channel_id: await newChannel(unique) }),
    [field]: value,
  };
  return http.send(route.method, path, { body });
}

test("every field of a body is listed as a hard reference, a soft one, or none", () => {
  const known = [...Object.keys(SOFT), ...Object.keys(HARD), ...PLAIN];
  const unknown = routes.flatMap(({ name, fields }) =>
    fields.filter((field) => !known.includes(field)).map((field) => `${name}: ${field}`),
  );
  expect(unknown).toEqual([]);
});

test("an unknown name of something that comes and goes is stored with a warning", async () => {
  let count = 0;
  for (const route of routes) {
    for (const [field, [value, warning]] of Object.entries(SOFT)) {
      if (!route.fields.includes(field)) continue;
      count++;
      const { status, body } = await sendWith(route, field, value);
      const [answer] = body.results ?? [body];
      expect([route.name, field, status < 300, answer.warnings]).toEqual([
        route.name,
        field,
        true,
        [warning],
      ]);
    }
  }
  expect(count).toBe(23);
});

test("an unknown name of something that must exist is refused with the field", async () => {
  let count = 0;
  for (const route of routes) {
    for (const [field, [value, expected, at = field]] of Object.entries(HARD)) {
      if (!route.fields.includes(field)) continue;
      count++;
      const { status, body } = await sendWith(route, field, value);
      expect([route.name, field, status, body.error]).toEqual([
        route.name,
        field,
        expected,
        expect.objectContaining({ field: at }),
      ]);
      // Whoever has sent an example reads where the own values are.
      expect([field, body.error.message]).toEqual([
        field,
        expect.stringMatching(/; GET \/api\/v1\/\w+ lists them\.$| must be |; did you mean/),
      ]);
    }
  }
  expect(count).toBeGreaterThan(15);
});

test("an unknown session of an internal target is refused with its own field", async () => {
  const targeted = routes.filter(({ fields }) => fields.includes("dispatch_config"));
  expect(targeted.length).toBeGreaterThan(6);
  for (const route of targeted) {
    const { status, body } = await sendWith(route, "dispatch_config", {
      type: "internal",
      session_id: UNKNOWN_ID,
    });
    expect([route.name, status, body.error?.field]).toEqual([route.name, 422, "dispatch_config.session_id"]);
  }
});

test("known names cause no warnings, including those in carapaces", async () => {
  const bot = { name: "Helper", skills: ["triage"], tools: ["search_*"] };
  const made = await http.send("POST", "/api/v1/bots", {
    body: { id: "helper", ...bot, carapaces: ["reviewer"] },
  });
  expect(made.body.warnings).toEqual([
    'There is no carapace "gone", which the carapace "reviewer" includes.',
    'There is no skill "gone".',
    `No tool's name fits "search_*".`,
    'There is no tool "read_mail".',
    'There is no tool "send_mail".',
  ]);
  const changed = await http.send("PATCH", "/api/v1/bots/helper", { body: { carapaces: [], tools: [] } });
  expect(changed.body.warnings).toEqual([]);
  expect((await http.send("GET", "/api/v1/carapaces/base")).body.resolved.warnings).toEqual([
    'There is no skill "gone".',
    'There is no tool "read_mail".',
    'There is no tool "send_mail".',
  ]);
});

test("a scope for something unknown causes a warning too", async () => {
  const scopes = ["tools.nope:use", "dispatch.none:use", "dispatch.nope:use", "integrations.nope.store:read"];
  const made = await http.send("POST", "/api/v1/api-keys", { body: { name: "early", scopes } });
  expect([made.status, made.body.scopes]).toEqual([201, scopes]);
  expect(made.body.warnings).toEqual([
    'The scope tools.nope:use is for the tool "nope", which does not exist.',
    'The scope dispatch.nope:use is for the dispatch type "nope", which does not exist.',
    'The scope integrations.nope.store:read is for the integration "nope", which does not exist.',
  ]);
});

// "heddle/sdk" as a child process or an author's test imports it. Inside the server the same names come from a module
// that is created for each integration (integrations/host-sdk.ts).

import { createSdk } from "./create.ts";
import { createEnvironmentBackend } from "./environment.ts";

export type {
  DeclaredSetting,
  OAuthProvider,
  RegisteredHook,
  RegisteredLifecycle,
  RegisteredListener,
  RegisteredOAuth,
  RegisteredTool,
  WithToolSchema,
} from "./backend.ts";
export type { RouteCaller } from "./caller-of.ts";
export type { DashboardData } from "./dashboard.ts";
export { Permanent, ReauthRequired, Retryable } from "./errors.ts";
export type { FetchLimits } from "./fetch-limits.ts";
export type {
  HttpAnswer,
  HttpClient,
  HttpOptions,
  HttpRequestOptions,
  HttpRetry,
  HttpService,
} from "./http/types.ts";
export type { SetupManifest } from "./manifest.ts";
export type { PatienceOptions } from "./patiently.ts";
export { retryAfterSeconds } from "./retry-after.ts";
export type { Settings } from "./settings.ts";
export type { SignWebhook, WebhookVerifier } from "./signatures/descriptor.ts";
export type { PlainWebhook } from "./signatures/plain.ts";
export type { VerifiedWebhook } from "./signatures/scheme.ts";
export type { GitHubEvent } from "./signatures/schemes/github.ts";
export type { GitLabEvent } from "./signatures/schemes/gitlab.ts";
export type { SlackEvent } from "./signatures/schemes/slack.ts";
export type { StandardWebhook } from "./signatures/schemes/standard.ts";
export type { StripeEvent } from "./signatures/schemes/stripe.ts";
export type { Secrets } from "./signatures/secrets.ts";
export type {
  BearerOptions,
  HmacOptions,
  OwnCheck,
  OwnOptions,
  TokenOptions,
  VerifyOptions,
} from "./signatures/verifiers.ts";
export type { SplitOptions } from "./split-text.ts";
export type { ByteSource, LineOptions } from "./streams/read-lines.ts";
export type { SseEvent } from "./streams/read-sse.ts";
export type * from "./types.ts";

// Each export is a constant of its own, because editors show the comment of the declaration itself.
// test/sdk/hover.test.ts fails for an export without a comment.

const sdk = createSdk(createEnvironmentBackend(process.env));

/**
 * Makes a function a tool of agents, and returns that function with its schema as `_tool_schema`.
 *
 * `options` is `{ name, description, parameters?, timeoutSeconds?, annotations?, reconcile? }`, where `parameters` is a TypeBox schema (it types the
 * arguments) or JSON Schema of an object, or OpenAI's shape `{ type: "function", function: { name, description, parameters } }`.
 * Arguments are checked before the call. The function returns text or JSON; an object with `error`, or an exception, marks
 * the call failed.
 *
 * `annotations: { readOnly, idempotent, destructive, egress }` say what a call does. After a crash, a call whose outcome is
 * unknown is made again if the tool is `readOnly` or `idempotent`; of another one, `reconcile(args, ctx)` is asked what became
 * of it: `{ outcome: "done", result }`, `{ outcome: "not_done" }` or `{ outcome: "unknown" }`.
 *
 * Throws `validation` when the name or the schema is unusable. Call it while the files load.
 * @example
 * register({ name: "acme_get_room", description: "Look a room up.", parameters: t.Object({ id: t.String() }) },
 *   async ({ id }, ctx) => (await fetch(`${settings.ACME_URL}/rooms/${id}`, { signal: ctx.signal })).json());
 */
export const register = sdk.register;

/**
 * The channels of the integration's places: `get(clientId)`, `patch(clientId, { require_mention: false })`, `reset(clientId)` begins a new
 * session, `compact(clientId)` puts notes in the place of what was said so far, `stop(clientId)` cancels the runs that are not over. They throw
 * `not_found` for a place that has no channel. A process needs the scopes `channels:read`, `channels.config:write`, `channels.messages:write`,
 * `tasks:read` and `tasks:write` for what it uses.
 */
export const channels = sdk.channels;

/**
 * Single runs: `tasks.get(taskId)` returns `{ status, result, error }`, `tasks.cancel(taskId)` cancels one and returns its status,
 * `tasks.correct(taskId, text)` puts a text in the place of its answer where that was delivered. They throw `not_found`. A process needs
 * `tasks:read`, `tasks:write`, `deliveries:read` and `deliveries:write` for what it uses.
 */
export const tasks = sdk.tasks;

/**
 * Calls of tools that wait for a person: `approvals.decide(id, { approved, by: { id, name } })` decides in the name of a person whom the
 * integration has identified, if the policy names them among its approvers. The first decision stands: afterwards it throws `conflict`. It throws
 * `forbidden` for people who are not asked. A process needs `approvals:write`.
 */
export const approvals = sdk.approvals;

/**
 * The people of the service: `people.check({ id, name, place })` says whether a person may talk to the bots, and gives somebody unknown a
 * code that the operator confirms; `people.list()` returns all. What an allowed person writes (`injectMessage` with that `author.id`) counts
 * as the operator's, and what others write as a stranger's. A process needs no scope for it. Both throw `validation`.
 * @example
 * const { status, code } = await people.check({ id: String(from.id), name: from.first_name, place: `acme:${chat.id}` });
 * if (status === "blocked") return;
 * if (status === "pending") return code && reply(`Ask the operator to confirm this code: ${code}`);
 */
export const people = sdk.people;

/**
 * Turns a recording, such as a voice message, into text: `transcribe({ data, mediaType, signal })`. It uses what the server has for
 * recordings, a `before_transcription` hook or an endpoint, and returns null if it has neither. Throws `unsupported_media_type` and `validation` for
 * anything that is not a recording, and `upstream` if the endpoint fails. A process needs the scope `chat:write`.
 * @example
 * const said = await transcribe({ data: await voice.bytes(), mediaType: "audio/ogg" });
 */
export const transcribe = sdk.transcribe;

/**
 * Declares the integration's settings, and returns an object that looks each of them up whenever it is read: the stored
 * setting, otherwise the environment, otherwise `default`.
 *
 * Each schema is a string, number, integer, boolean or union of literals. Reading a setting that has no value throws
 * `unavailable`, unless it is `t.Optional(…)`; a value that does not fit throws `validation`; a name that is not declared
 * throws with the nearest one. `{ secret: true }` encrypts a setting and keeps it out of logs; secret names are secret anyway.
 * @example
 * export const settings = defineConfig({ ACME_TOKEN: t.String(), ACME_PORT: t.Integer({ default: 443 }) });
 */
export const defineConfig = sdk.defineConfig;

/**
 * Returns the id of the active session of a place and a bot; creates one if there is none.
 *
 * Throws `unknown_bot`, and `validation` when a field or the dispatch config does not fit.
 * @example
 * const sessionId = await getOrCreateSession({ clientId: "acme:ops", botId: "default" });
 */
export const getOrCreateSession = sdk.getOrCreateSession;

/**
 * Adds a message to a session; with `runAgent: true` the bot answers it. Once the promise resolves, the message is on disk.
 *
 * Returns `{ message_id, session_id, task_id, duplicate }`; `task_id` is null when no run was started, and `duplicate` is true
 * if the idempotency key was seen before. Throws `not_found` (no such session), `unknown_bot` and `validation`; nothing is
 * stored in that case.
 */
export const injectMessage = sdk.injectMessage;

/**
 * Adds an event of a place to every channel that is bound to it, or to the place's own channel if none is. Each channel
 * has its own run; a target that several channels share gets one answer. Either everything is stored or nothing is.
 *
 * Returns `{ status, bound, results }`; `status` is "filtered" if the place is bound and no binding lets the event through.
 * Throws `unknown_bot` and `validation`.
 * @example
 * await injectEvent({ clientId: "acme:ops", event: "alarm", botId: "default", content: "db1 is down", source: "acme",
 *   runAgent: true, idempotencyKey: event.id, dispatchConfig: { type: "acme", room: "ops" } });
 */
export const injectEvent = sdk.injectEvent;

/**
 * Stores a document, so that agents and `searchDocuments` find it, and returns its id. It belongs to the integration;
 * with `sessionId` only that session's runs find it. Throws `validation`, and `not_found` for an unknown session.
 */
export const ingestDocument = sdk.ingestDocument;

/**
 * Returns the documents that match a query, best first: at most `limit`, which is 1 to 100 and by default 10. Only the
 * integration's own documents are searched unless `integrationId` names another's, or is null for all. Throws `validation`.
 */
export const searchDocuments = sdk.searchDocuments;

/**
 * Registers how results with the `dispatch_config.type` `type` are delivered; `type` is 1 to 64 of a-z 0-9 _ -.
 *
 * The schema `config` is checked when a message is injected, and types the `config` that `deliver` gets. `deliver`
 * returns `{ receipt }` or nothing. It throws `Permanent` to give up and `Retryable` to be retried after a given
 * time; after any other error the delivery is retried too: ten attempts of at most 60 seconds over about 19 hours.
 *
 * Throws `validation`. Call it while the files load.
 */
export const registerDispatcher = sdk.registerDispatcher;

/**
 * Describes the integration's places and users: the prefix of its client ids ("github:"), how an author's name and picture are
 * shown (`userAttribution`), what channels are called (`resolveDisplayNames`), where the answers of a place go
 * (`resolveDispatchConfig`), and whether its service accepts the settings (`testConnection`). Throws `validation`. Call it once,
 * while the files load.
 */
export const registerIntegration = sdk.registerIntegration;

/**
 * Calls `callback` at an event of an agent's run. It runs concurrently with the run, has 10 seconds, and is called for the events of a
 * session one after another, in order. Only for `before_transcription` is its result used; that callback has 60 seconds.
 *
 * Throws `validation` for an unknown event. Call it while the files load.
 * @example
 * registerHook("after_tool_call", ({ extra }) => log.info("Called", { tool: extra.tool_name, ms: extra.duration_ms }));
 */
export const registerHook = sdk.registerHook;

/**
 * Calls `callback` in the server each time the integration has gone live: when a server starts, when it is enabled,
 * and after an edit. It has 30 seconds until `signal` is aborted; its errors are logged and stop nothing. Callbacks
 * of an integration are called one at a time. Each server on the database calls them; background processes do not.
 * Call it while the files load.
 * @example
 * onEnabled(async ({ signal }) => setWebhook(server.webhookUrl(), signal));
 */
export const onEnabled = sdk.onEnabled;

/**
 * Calls `callback` in the server after stored settings of the integration have changed, with their names in `keys`;
 * changes made while it runs are reported together. Otherwise it is like `onEnabled`. Call it while the files load.
 * @example
 * onSettingsChanged(async ({ keys, signal }) => { if (keys.includes("ACME_TOKEN")) await setWebhook(server.webhookUrl(), signal); });
 */
export const onSettingsChanged = sdk.onSettingsChanged;

/**
 * Runs a loop in the server for as long as the integration is live: a socket, a subscription, a long poll. One server of the database runs it at
 * a time. It is restarted with back-off when it ends or fails, when settings change, and when it has heard nothing for `silenceSeconds`.
 *
 * Its state is shown to people, and becomes a repair if it stays bad. Throws `validation`. Call it while the files load.
 * @example
 * listen({ name: "events", silenceSeconds: 60, async run({ signal, since, connected, alive }) {
 *   for await (const { data } of readSse(await fetch(`${settings.ACME_URL}/events?since=${since?.toISOString() ?? ""}`,
 *     { signal, timeoutSeconds: false, idleSeconds: 60 }))) { alive(); connected(); await inject(JSON.parse(data)); }
 * } });
 */
export const listen = sdk.listen;

/**
 * Calls `run` every `everySeconds` in the server for as long as the integration is live, on one server of the database at a time; otherwise
 * like `listen`. Keep the cursor in `store`, and move it on after what it covers has been injected.
 *
 * Throws `validation`. Call it while the files load.
 * @example
 * poll({ name: "mail", everySeconds: 60, async run({ signal }) { await fetchNewMail(signal); } });
 */
export const poll = sdk.poll;

/**
 * Reports the state of a connection that is not a listener's, such as that of a background process:
 * `connection.report({ status: "degraded", detail: "The camera answers slowly." })`; the status is "connecting", "connected", "degraded" or
 * "reauth_required". Throws `validation`.
 */
export const connection = sdk.connection;

/**
 * Adds an event of the integration to the server's stream of events, for pages that are open and for other programs:
 * `publish("card.moved", { card_id }, { channelId })` arrives as `custom.<integration>.card.moved`. It is seen by those who may call the
 * integration's GET routes and, with a `channelId`, who reach that channel. `data` is an object of at most 4,000 characters of JSON: ids rather than contents.
 *
 * Within a transaction of `defineTables`, use the `publish` that it is given, so that the event is there exactly if the change is. A process
 * cannot use it. Throws `validation`.
 */
export const publish = sdk.publish;

/**
 * Declares an account at a service in which a person signs Heddle in (OAuth 2 with PKCE), and returns it. The integration's page in the
 * admin UI gets a button for it. `await google.token()` returns a valid access token, which is stored encrypted, renewed before it expires by one
 * of all servers, and shown nowhere. A process cannot use it.
 *
 * The service must know the address to which people come back, which the page shows. `token()` throws `ReauthRequired` when a person has
 * to sign in again, and a repair says so. Throws `validation`. Call it while the files load.
 * @example
 * const google = defineOAuth({ name: "google", title: "Google", authorizeUrl: "https://accounts.google.com/o/oauth2/v2/auth",
 *   tokenUrl: "https://oauth2.googleapis.com/token", revokeUrl: "https://oauth2.googleapis.com/revoke",
 *   scopes: ["https://www.googleapis.com/auth/calendar"], authorizeParameters: { access_type: "offline", prompt: "consent" },
 *   clientIdSetting: "GOOGLE_CLIENT_ID", clientSecretSetting: "GOOGLE_CLIENT_SECRET" });
 * const api = http({ baseUrl: "https://www.googleapis.com", account: google });
 */
export const defineOAuth = sdk.defineOAuth;

/**
 * Reads the REST API in a route with the rights of its caller, so that a route can show what the caller may see, and nothing else:
 * `asCaller(request).get("/channels", { query: { limit: 50 } })`. It works only while the route answers. Throws the API's errors and, on a public
 * route, where nobody has been identified, `unauthorized`. In tests: `fakeHeddle({ askAsCaller: async (ticket, path) => Response.json(…) })`.
 */
export const asCaller = sdk.asCaller;

/**
 * The server that the code runs in: `server.baseUrl` is its public address, `server.webhookUrl()` the address that
 * the service must call, the same as `webhook_url` of GET /api/v1/integrations. Both are null if only the operator
 * could know them, that is while BASE_URL is not set on a server that listens on all addresses. Read them when you
 * need them.
 */
export const server = sdk.server;

/** Types the manifest, and returns it unchanged: `export const SETUP = defineSetup({ … })` in setup.ts. */
export const defineSetup = sdk.defineSetup;

/**
 * Writes a line to the server's log under the integration's name: `log.info("Room created", { room: "ops" })`; also `debug`,
 * `warning` (or `warn`) and `error`. Known secrets are redacted.
 */
export const log = sdk.log;

/**
 * The platform's `fetch` with a time limit: 30 seconds, or `init.timeoutSeconds`, from the call to the end of the body.
 * `timeoutSeconds: false` means no limit; `init.idleSeconds` limits how long nothing may arrive, for streams. A limit that is
 * not a number above 0 throws `validation`. With `init.rateLimit` the request waits for its turn first.
 *
 * In the server it throws `Permanent` for a private, loopback or link-local address, unless ALLOW_PRIVATE_HOSTS names the
 * host or one of the integration's own settings holds an http(s) URL with that origin.
 */
export const fetch = sdk.fetch;

/**
 * Makes a limit that requests of this server share, for a service that says how often it may be called: `rates`, `concurrency`, and the longest wait.
 * Pass it to `fetch` or `http` as `rateLimit`; each host, or each `rateTarget`, then has its own queue in the order of the calls, and a response's
 * Retry-After holds back all requests to it. For other clients: `limit.run(target, work)`. A request that would wait longer than `maxWaitSeconds` (30), or behind
 * `maxWaiting` (100) others, throws `Retryable` with the time, so that a delivery is tried again then. Throws `validation`.
 * @example
 * const limit = rateLimit({ rates: [{ requests: 20, seconds: 60 }], concurrency: 4 });
 * const api = http({ baseUrl: () => settings.ACME_URL, rateLimit: limit });
 */
export const rateLimit = sdk.rateLimit;

/**
 * Creates a client for one service: `http({ baseUrl, headers, retry })` with `get`, `post`, `put`, `patch`, `delete` and `request`. It uses
 * `fetch`, and retries a request if the connection fails or the service answers 408, 429 or 5xx (POST and PATCH: 429 only), three
 * requests at most, waiting as long as Retry-After asks, up to 30 seconds; an answer that asks for more is returned.
 *
 * `await api.get("/rooms")` returns the answer, whatever its status. `.json()` and `.text()` return its body, and throw `Permanent` or
 * `Retryable` if the answer is unsuccessful, which is what a dispatcher should throw.
 * @example
 * const api = http({ baseUrl: () => settings.ACME_URL, headers: () => ({ authorization: `Bearer ${settings.ACME_TOKEN}` }) });
 * const room = await api.get(`/rooms/${encodeURIComponent(id)}`, { signal: ctx.signal }).json<Room>();
 */
export const http = sdk.http;

/**
 * Throws the error of an unsuccessful answer: `Retryable`, with the answer's Retry-After, for 401, 408, 423, 425, 429 and 5xx,
 * and `Permanent` for all others. `detail` is added to the message. For a dispatcher: `if (!response.ok) failDelivery(response);`
 */
export const failDelivery: (response: Response, detail?: string) => never = sdk.failDelivery;

/**
 * Turns what a client of a service has thrown into words for people, for listeners, dispatchers and `testConnection`:
 * `throw connectionError(error, { name: "The broker", address, settings: ["ACME_HOST"], credentials: ["ACME_TOKEN"], isRefused })`. Errors of the network
 * become a `Retryable` that says where nothing answers and which settings to look at, refused credentials `ReauthRequired`; anything else is
 * returned unchanged. Clients of `http` do so with the option `service`.
 */
export const connectionError = sdk.connectionError;

/**
 * Calls `work`, and calls it again while the service asks for a short wait: for the parts of a long answer, where each refusal would otherwise use
 * up one of the delivery's ten attempts. `patiently(() => post(part), { signal: ctx.signal })` waits after a `Retryable` that asks for at most
 * `maxWaitSeconds` (5), and throws everything else; `secondsOf(error)` reads the errors of another client. Throws `validation`.
 */
export const patiently = sdk.patiently;

/**
 * Splits a text into parts of at most `limit` units ("utf16" units, "codepoints" or "bytes"), between paragraphs, lines or words where it
 * can. A code block that is split is closed in its part and reopened in the next, unless `keepFences` is false. An empty text has no
 * parts. Throws `validation`.
 * @example
 * for (const [n, part] of splitText(result, { limit: 4096 }).entries()) await ctx.once(n, () => post(part));
 */
export const splitText = sdk.splitText;

/**
 * Compares two texts in constant time. False if one of them is empty or not a text: a secret
 * that was never set proves nothing.
 */
export const timingSafeEqual = sdk.timingSafeEqual;

/**
 * Reads server-sent events of an answer or stream: `for await (const { event, data, id } of readSse(response))`. A line, and the data
 * of an event, may have at most `maxLength` characters (default 1,000,000); otherwise it throws `payload_too_large`. Fetch with
 * `timeoutSeconds: false, idleSeconds: 60`.
 */
export const readSse = sdk.readSse;

/**
 * Reads JSON lines (NDJSON) of an answer or stream: `for await (const entry of readJsonLines<Entry>(response))`. Blank lines are
 * skipped. Throws `upstream` for a line that is not JSON, and `payload_too_large` for one of more than `maxLength` characters (default
 * 1,000,000). Fetch with `timeoutSeconds: false, idleSeconds: 60`.
 */
export const readJsonLines = sdk.readJsonLines;

/**
 * Durable JSON values of the integration, shared by all servers and its process: cursors, marks, tokens that a service
 * issued. A value may have at most 256 kB of JSON, a key 1 to 255 characters. Its functions throw `validation` for anything else.
 */
export const store = sdk.store;

/**
 * Declares the integration's own PostgreSQL tables by the statements that create them, and returns functions that run SQL in them: `query` and
 * `transaction`. Each statement is run once, in order, before the first query; later versions add statements at the end and change none.
 * The tables are in the server's database, in a schema of the integration's own. A process cannot use them. Throws `validation`.
 * @example
 * const tables = defineTables(["CREATE TABLE visits (id text PRIMARY KEY, at timestamptz NOT NULL DEFAULT now())"]);
 * await tables.query("INSERT INTO visits (id) VALUES ($1) ON CONFLICT DO NOTHING", [id]);
 */
export const defineTables = sdk.defineTables;

/**
 * Returns who calls a route of the integration: the id and the name of their API key; undefined on a public route, where nobody has
 * been identified. The id is null for the key of the server's environment.
 * @example
 * router.post("/approve", ({ request }) => approve(callerOf(request)?.name));
 */
export const callerOf = sdk.callerOf;

/** Whether the value of this name may be a secret: false only for a plainly harmless name, such as "channel_id". */
export const mayBeSecret = sdk.mayBeSecret;

/**
 * Verifies GitHub's X-Hub-Signature-256 and returns `{ event, deliveryId, payload, body }`. It reads the request's body, so the
 * route needs `{ parse: "none" }`. Throws `invalid_signature` (also without a secret), `payload_too_large`, `bad_request` and
 * `unsupported_media_type`.
 */
export const verifyGitHub = sdk.verifyGitHub;

/**
 * Verifies Slack's X-Slack-Signature over timestamp and body, of events, slash commands and interactions, and returns
 * `{ id, event, payload, body }`. A timestamp more than `toleranceSeconds` (default 300) from now is refused. Throws
 * `invalid_signature` (also without a secret), `payload_too_large` and `bad_request`.
 */
export const verifySlack = sdk.verifySlack;

/**
 * Verifies a signature of https://www.standardwebhooks.com over id, timestamp and body, and returns `{ id, event, payload, body }`.
 * Secrets are base64, with or without "whsec_". Throws `invalid_signature` (also without a secret), `payload_too_large` and
 * `bad_request`.
 */
export const verifyStandardWebhook = sdk.verifyStandardWebhook;

/**
 * Verifies GitLab's X-Gitlab-Token or, with a token that begins with "whsec_", its signature, and returns
 * `{ id, event, payload, body }`. Throws `invalid_signature` (also without a token), `payload_too_large` and `bad_request`.
 */
export const verifyGitLab = sdk.verifyGitLab;

/**
 * Verifies Stripe-Signature over timestamp and body, and returns `{ id, event, payload, body }`. Throws `invalid_signature` (also
 * without a secret), `payload_too_large` and `bad_request`.
 */
export const verifyStripe = sdk.verifyStripe;

/**
 * Verifies an HMAC over the body in a header of your choice, and returns `{ id, body }`. It proves who sent the body, not when:
 * pass the sender's id of the event as `idempotencyKey`. Throws `invalid_signature` (also without a secret),
 * `payload_too_large` and `bad_request`.
 * @example
 * await verifyHmac(request, { secret: settings.ACME_SECRET, header: "x-acme-signature", prefix: "sha256=" });
 */
export const verifyHmac = sdk.verifyHmac;

/**
 * Verifies "Authorization: Bearer <token>", and returns `{ id, body }`. It proves neither body nor time; use it where a sender can
 * do no more. Throws `invalid_signature` (also without a token), `payload_too_large` and `bad_request`.
 */
export const verifyBearer = sdk.verifyBearer;

/**
 * Verifies a shared token in a header of the sender's choice, such as Telegram's X-Telegram-Bot-Api-Secret-Token, and returns
 * `{ id, body }`. It proves neither body nor time; use it where a sender can do no more. Throws `invalid_signature` (also
 * without a token), `payload_too_large`, `bad_request`, and `validation` for an invalid header name.
 */
export const verifyToken = sdk.verifyToken;

/**
 * Verifies a sender with a function of your own: `check(headers, bytes)` returns true, and nothing else, for an authentic sender.
 * `proofHeaders` names the headers with signatures or tokens, which the inbox does not store. Returns `{ id, event: null, payload, body }`.
 * Throws what `check` throws, `invalid_signature`, `payload_too_large` and `bad_request`.
 */
export const verifyWith = sdk.verifyWith;

/**
 * Verifies with the scheme that a descriptor names, such as `{ scheme: "github", secret }`, and returns `{ id, event, payload, body }`.
 * Throws `validation` for an invalid descriptor, and whatever the scheme's own verifier throws.
 */
export const verifyWebhook = sdk.verifyWebhook;

/**
 * Returns the headers that a sender with this scheme would add to the body, signed with the first of the secrets: for tests, and for
 * trying an integration out. Throws `invalid_signature` if there is no secret.
 * @example
 * const headers = signWebhook(body, { scheme: "github", secret: "s" }, { event: "push" });
 */
export const signWebhook = sdk.signWebhook;

// Imported optionally: a test of a tool needs no installed package; only these two exports do.
const elysia = await import("elysia").catch((cause: unknown) => {
  const missing = (name: string) =>
    new Proxy(() => {}, {
      get: () => fail(name, cause),
      apply: () => fail(name, cause),
      construct: () => fail(name, cause),
    }) as never;
  const stand: Pick<typeof import("elysia"), "Elysia" | "t"> = { Elysia: missing("Elysia"), t: missing("t") };
  return stand;
});

/**
 * The class of HTTP routers (https://elysiajs.com), the server's own copy: router.ts exports an instance as `router`.
 * Its paths are below /integrations/<id>.
 */
export const Elysia: typeof import("elysia").Elysia = elysia.Elysia;

/** Makes schemas of JSON (TypeBox, https://github.com/sinclairzx81/typebox) for parameters, settings, configs and bodies. */
export const t: typeof import("elysia").t = elysia.t;

function fail(name: string, cause: unknown): never {
  throw new Error(
    `${name} of heddle/sdk needs the package "elysia": install it to use this outside Heddle.`,
    {
      cause,
    },
  );
}

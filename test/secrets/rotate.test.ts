import { beforeAll, expect, test } from "bun:test";
import { getLogger } from "@logtape/logtape";
import { eq, sql } from "drizzle-orm";
import { createAgentStore } from "../../src/acp/store.ts";
import { openHome } from "../../src/config/home.ts";
import {
  channelBindings,
  channels,
  codingAgents,
  deliveries,
  integrationSettings,
  integrationStore,
  mcpQuestions,
  mcpWaits,
  messages,
  people,
  providers,
  serverFacts,
  sessions,
  tasks,
} from "../../src/db/schema.ts";
import { newId } from "../../src/ids.ts";
import { createMcpStore } from "../../src/mcp/store.ts";
import type { Credentials } from "../../src/oauth/credentials.ts";
import { createOAuthStore, OF_INTEGRATIONS, OF_MCP_SERVERS } from "../../src/oauth/store.ts";
import { createPeople } from "../../src/people/people.ts";
import { createKeptActions, inDelivery, inMessage } from "../../src/secrets/kept-actions.ts";
import type { KeyRing } from "../../src/secrets/key-ring.ts";
import { CHECK, openKeys } from "../../src/secrets/keys.ts";
import { rotateKeys } from "../../src/secrets/rotate.ts";
import { createVault } from "../../src/secrets/vault.ts";
import { eachDatabase, type TestDatabase } from "../database.ts";
import { temporaryFolder } from "../integrations/harness.ts";
import { sealedV1 } from "./vault.test.ts";

const log = getLogger("heddle");
const hex = (byte: number) => Buffer.alloc(32, byte).toString("hex");
const NONE = { current: undefined, previous: [] };

eachDatabase("rotation of the encryption key", (open) => {
  let db: TestDatabase;
  // Connections that other tests have left would look like those of a running server.
  beforeAll(async () => {
    db = await open({ isNew: true });
  });

  async function filled(keys: (at: Awaited<ReturnType<typeof fresh>>) => Promise<KeyRing>) {
    const at = await fresh();
    const ring = await keys(at);
    const vault = createVault(ring);
    const { query } = at.db;
    const [channel, session, binding] = [newId(), newId(), newId()];
    const config = { room: "r", token: "of-a-session", deep: [{ "a/b": { secret: "deep" } }], pin: 12 };
    const sealedIn = (table: string, row: string, field = "dispatch_config") =>
      vault.sealConfig(config, { table, row, field });
    await query.insert(channels).values({
      id: channel,
      client_id: `x:${channel}`,
      name: "x",
      dispatch_config: sealedIn("channels", channel),
    });
    await query.insert(sessions).values({
      id: session,
      channel_id: channel,
      client_id: `x:${channel}`,
      bot_id: "default",
      // A value of the previous version, beside one that was copied here.
      dispatch_config: { token: sealedV1("of-before", 1), moved: sealedIn("channels", channel).token },
    });
    await query.insert(channelBindings).values({
      id: binding,
      channel_id: channel,
      integration_type: "x",
      client_id: "x:1",
      dispatch_config: sealedIn("channel_bindings", binding),
      config: sealedIn("channel_bindings", binding, "config"),
    });
    const setting = (key: string, value: string, secret: boolean) => ({
      integration_id: "x",
      key,
      value,
      secret,
    });
    const at1 = { table: "integration_settings", row: "x", field: "TOKEN" };
    await query
      .insert(integrationSettings)
      .values([
        setting("TOKEN", vault.seal("of-a-setting", at1), true),
        setting("PASSPHRASE", "plain of before", false),
        setting("NAME", "plain", false),
      ]);
    await query.insert(integrationStore).values({
      integration_id: "x",
      key: "k",
      value: vault.seal('"of-the-store"', { table: "integration_store", row: "x", field: "k" }),
      secret: true,
    });
    const ofProvider = (field: string) => ({ table: "providers", row: "mine", field });
    await query.insert(providers).values({
      id: "mine",
      name: "Mine",
      adapter: "chat_completions",
      api_key: vault.seal("of-a-provider", ofProvider("api_key")),
      headers: vault.sealConfig({ "x-team": "of-a-header" }, ofProvider("headers"), () => "sealed") as {
        [name: string]: string;
      },
    });
    const action = { say: "of-an-action" };
    const actions = createKeptActions({ redact: (text) => text.replace("of-an-action", ""), vault });
    const [message, delivery] = [newId(), newId()];
    await query.insert(messages).values({
      id: message,
      session_id: session,
      role: "tool",
      content: "x",
      metadata: { client_actions: actions.keep([action], inMessage(message)) },
    });
    // A caller's text that only looks like a sealed value.
    await query.insert(messages).values({
      id: newId(),
      session_id: session,
      role: "user",
      content: "x",
      metadata: { client_actions: ["sealed:v2:made:up"], note: "sealed:v1:made-up" },
    });
    await query.insert(deliveries).values({
      id: delivery,
      session_id: session,
      bot_id: "default",
      correlation_id: newId(),
      dispatch_type: "x",
      dispatch_config: {},
      payload: {
        kind: "post",
        text: "x",
        client_actions: actions.keep([action], inDelivery(delivery)),
        extra_metadata: {},
      },
    });
    const check = async (after: KeyRing) => {
      const { open, openConfig } = createVault(after);
      const later = createKeptActions({ redact: (text) => text, vault: createVault(after) });
      const [row] = await query.select().from(messages).where(eq(messages.id, message));
      const [made] = await query.select().from(deliveries).where(eq(deliveries.id, delivery));
      const handed = [row?.metadata.client_actions as string[], made?.payload.client_actions ?? []];
      expect(JSON.stringify(handed)).not.toContain("of-an-action");
      expect(later.open(handed[0] ?? [], inMessage(message))).toEqual([action]);
      expect(later.open(handed[1] ?? [], inDelivery(delivery))).toEqual([action]);
      const [one] = await query.select().from(channels).where(eq(channels.id, channel));
      expect(
        openConfig(one?.dispatch_config ?? {}, { table: "channels", row: channel, field: "dispatch_config" }),
      ).toEqual(config);
      const [two] = await query.select().from(channelBindings).where(eq(channelBindings.id, binding));
      expect(
        openConfig(two?.config ?? {}, { table: "channel_bindings", row: binding, field: "config" }),
      ).toEqual(config);
      const [three] = await query.select().from(sessions).where(eq(sessions.id, session));
      const { token } = three?.dispatch_config ?? {};
      expect(openConfig({ token }, { table: "sessions", row: session, field: "dispatch_config" })).toEqual({
        token: "of-before",
      });
      const rows = await query
        .select()
        .from(integrationSettings)
        .where(eq(integrationSettings.integration_id, "x"));
      const settings = Object.fromEntries(
        rows.map(({ key, value, secret }) => [key, secret ? open(value, { ...at1, field: key }) : value]),
      );
      expect(settings).toEqual({ TOKEN: "of-a-setting", PASSPHRASE: "plain of before", NAME: "plain" });
      const [provider] = await query.select().from(providers);
      expect(open(String(provider?.api_key), ofProvider("api_key"))).toBe("of-a-provider");
      expect(openConfig(provider?.headers ?? {}, ofProvider("headers"))).toEqual({ "x-team": "of-a-header" });
      const [kept] = await query.select().from(integrationStore);
      expect(open(String(kept?.value), { table: "integration_store", row: "x", field: "k" })).toBe(
        '"of-the-store"',
      );
    };
    return { ...at, ring, session, check };
  }

  async function fresh() {
    for (const table of [
      deliveries,
      messages,
      channelBindings,
      sessions,
      channels,
      integrationSettings,
      integrationStore,
      providers,
    ])
      await db.query.delete(table);
    await db.query.delete(serverFacts).where(eq(serverFacts.key, CHECK));
    const folder = await temporaryFolder();
    return { db, home: openHome(folder.path), [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
  }

  test("to the key in the environment reseals everything; the old key is no longer needed", async () => {
    await using at = await filled(({ db, home }) => openKeys(db.query, home, { ...NONE, current: hex(1) }));
    const { db, home, check, session } = at;
    const { unopened, resealed } = await rotateKeys(db, home, { current: hex(2), previous: [hex(1)] });
    expect(unopened).toEqual([`sessions.dispatch_config/moved of ${session}`]);
    expect(resealed).toBeGreaterThan(8);
    const after = await openKeys(db.query, home, { ...NONE, current: hex(2) });
    expect(after.all).toHaveLength(1);
    await check(after);
    await expect(openKeys(db.query, home, { ...NONE, current: hex(1) })).rejects.toThrow(
      "ENCRYPTION_KEY must be the key",
    );
    const [{ n } = { n: -1 }] = (
      await db.execute(
        "select count(*)::int as n from sessions where dispatch_config::text like '%sealed:v1%'",
      )
    ).rows as { n: number }[];
    expect(n).toBe(0);
  });

  test("without a key in the environment creates one in the home; a key moved to the environment is found there", async () => {
    await using at = await fresh();
    const { db, home } = at;
    const before = await openKeys(db.query, home, NONE);
    const { key } = await rotateKeys(db, home, NONE);
    expect(key.id).not.toBe(before.current.id);
    const after = await openKeys(db.query, home, NONE);
    expect(after.current).toEqual(key);
    // The old key is kept, because an older backup needs it.
    expect(after.all.map(({ id }) => id)).toContain(before.current.id);
    await rotateKeys(db, home, { ...NONE, current: hex(5) });
    expect((await openKeys(db.query, home, { ...NONE, current: hex(5) })).current.bytes.toString("hex")).toBe(
      hex(5),
    );
  });

  test("that fails halfway changes nothing", async () => {
    await using at = await filled(({ db, home }) => openKeys(db.query, home, { ...NONE, current: hex(1) }));
    const { db, home, check, ring } = at;
    // Make the last table fail on writes.
    await db.execute(
      "create function no_change() returns trigger language plpgsql as $$ begin raise 'no'; end $$",
    );
    await db.execute(
      "create trigger no_change before update on integration_store for each row execute function no_change()",
    );
    try {
      await expect(rotateKeys(db, home, { current: hex(2), previous: [hex(1)] })).rejects.toThrow();
    } finally {
      await db.execute("drop function no_change cascade");
    }
    await openKeys(db.query, home, { ...NONE, current: hex(1) });
    await check(ring);
  });

  test("is refused while a server has the database open", async () => {
    await using at = await fresh();
    const { db, home } = at;
    if (db.kind === "embedded") return;
    await openKeys(db.query, home, NONE);
    // To the transaction, this test's other pool connections look like those of a server.
    await Promise.all([1, 2, 3].map(() => db.query.execute(sql`select pg_sleep(0.05)`)));
    await expect(rotateKeys(db, home, NONE)).rejects.toThrow("Stop its servers and workers");
  });

  test("what MCP servers are sent, and the sign-ins at them, are resealed", async () => {
    const at = await fresh();
    const before = createVault(await openKeys(at.db.query, at.home, NONE));
    const announce = async () => undefined;
    const storeWith = (vault: typeof before) => ({
      servers: createMcpStore({ db: at.db, vault, addSecret: () => undefined, announce }),
      accounts: createOAuthStore({
        ...{ tables: OF_INTEGRATIONS, db: at.db, vault, addPassing: () => undefined, announce, log },
      }),
      oauth: createOAuthStore({
        tables: OF_MCP_SERVERS,
        db: at.db,
        vault,
        addPassing: () => undefined,
        announce,
        log,
      }),
    });
    const first = storeWith(before);
    const given = {
      ...{ id: "notes", transport: "http" as const, url: "https://notes.example/mcp?token=in-the-url" },
      headers: { "X-Key": "in-a-header" },
      oauth: { issuer: "https://auth.example", client_id: "heddle", client_secret: "of-the-client" },
    };
    const credentials: Credentials = {
      ...{ url: given.url, redirect: "x", resource: null, missing_scope: null, by: "Ann", at: 1 },
      client: { client_id: "heddle", issuer: "https://auth.example" },
      tokens: {
        access: "an-access-token",
        refresh: "a-token",
        scope: null,
        obtained_at: 1,
        expires_at: null,
      },
    };
    await first.servers.create(given);
    await first.oauth.save("notes", credentials);
    await first.accounts.save("mail/google", credentials);
    await onlyConnection(at.db);
    const { unopened } = await rotateKeys(at.db, at.home, NONE);
    expect(unopened).toEqual([]);
    const after = storeWith(createVault(await openKeys(at.db.query, at.home, NONE)));
    expect(await after.servers.list()).toMatchObject([
      { ...given, oauth: { client_secret: "of-the-client" } },
    ]);
    expect(await after.oauth.find("notes")).toEqual(credentials);
    expect(await after.accounts.find("mail/google")).toEqual(credentials);
  });

  test("nothing at all is left that only the old key opens: coding agents, pairing codes, and calls that wait", async () => {
    const { db, home } = await fresh();
    const { query } = db;
    const ring = await openKeys(query, home, { ...NONE, current: hex(1) });
    const vault = createVault(ring);
    const partsWith = (vault: ReturnType<typeof createVault>) => ({
      agents: createAgentStore({ db, vault, addSecret: () => undefined, announce: async () => undefined }),
      people: createPeople({ db, vault }),
    });
    const before = partsWith(vault);
    await before.agents.create({
      id: "claude",
      command: "npx",
      args: [],
      env: { ANTHROPIC_API_KEY: "of-an-agent" },
    });
    const ann = { id: "42", name: "Ann" };
    const asked = await before.people.check("telegram", ann);
    const [channel, session, message, task, question, wait] = Array.from({ length: 6 }, newId) as [
      ...[string, string, string, string, string, string],
    ];
    await query.insert(channels).values({ id: channel, client_id: `x:${channel}`, name: "x" });
    await query
      .insert(sessions)
      .values({ id: session, channel_id: channel, client_id: `x:${channel}`, bot_id: "default" });
    await query.insert(messages).values({ id: message, session_id: session, role: "user", content: "x" });
    await query.insert(tasks).values({
      ...{ id: task, session_id: session, channel_id: channel, bot_id: "default", message_id: message },
      ...{ correlation_id: newId(), dispatch_type: "none", dispatch_config: {} },
    });
    const answerAt = { table: "mcp_questions", row: question, field: "answer" };
    const stateAt = { table: "mcp_waits", row: wait, field: "state" };
    await query.insert(mcpQuestions).values({
      ...{ id: question, task_id: task, session_id: session, bot_id: "default", server_id: "notes" },
      ...{ tool_reference: "mcp:notes/ask", message: "?", schema: {}, status: "answered" },
      ...{ answer: vault.seal('{"pin":"of-an-answer"}', answerAt), expires_at: new Date() },
    });
    await query.insert(mcpWaits).values({
      ...{
        id: wait,
        task_id: task,
        server_id: "notes",
        kind: "questions",
        due_at: new Date(),
        ends_at: new Date(),
      },
      state: vault.seal('{"state":"of-a-server"}', stateAt),
    });
    await onlyConnection(db);
    await rotateKeys(db, home, { current: hex(2), previous: [hex(1)] });

    expect(await columnsWith(db, `sealed:v2:${ring.current.id}`)).toEqual([]);
    const later = createVault(await openKeys(query, home, { ...NONE, current: hex(2) }));
    const after = partsWith(later);
    expect(await after.agents.list()).toMatchObject([{ env: { ANTHROPIC_API_KEY: "of-an-agent" } }]);
    expect(await after.people.check("telegram", ann)).toEqual(asked);
    const [answered] = await query.select().from(mcpQuestions);
    expect(later.open(String(answered?.answer), answerAt)).toContain("of-an-answer");
    const [waiting] = await query.select().from(mcpWaits);
    expect(later.open(String(waiting?.state), stateAt)).toContain("of-a-server");
    for (const table of [mcpWaits, mcpQuestions, tasks, codingAgents, people]) await query.delete(table);
  });
});

/** What ran in parallel has left connections in this pool, which would count as those of a running server. */
async function onlyConnection(db: TestDatabase): Promise<void> {
  if (db.kind === "embedded") return;
  await db.execute(
    "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
  );
  await Bun.sleep(100);
}

/** Every column of the database that contains the text. */
async function columnsWith(db: TestDatabase, text: string): Promise<string[]> {
  const { rows } = await db.execute(
    "select table_name, column_name from information_schema.columns where table_schema = 'public' and data_type in ('text', 'jsonb')",
  );
  const found: string[] = [];
  for (const { table_name, column_name } of rows) {
    const one = await db.execute(
      `select 1 from "${table_name}" where strpos("${column_name}"::text, $1) > 0 limit 1`,
      [text],
    );
    if (one.rows.length > 0) found.push(`${table_name}.${column_name}`);
  }
  return found;
}

// `heddle receive`, `heddle replay` and other client commands against a server in its own process.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { fetchOverSocket } from "../../../src/runtime/serve.ts";
import { quickDatabase } from "../../database.ts";
import { ADMIN_KEY, ask, type HeddleProcess, killAll, launch } from "../../faults/process.ts";
import { WEBHOOK_SECRET } from "../../faults/webhooks.ts";
import { PROGRAM } from "../../program.ts";

const base = mkdtempSync(join(tmpdir(), "heddle-client-"));
const home = join(base, "home");
const quick = quickDatabase();
const runFile = join(home, "run", "server.json");
// Does not run the bot, so that no model is needed.
const PUSH = {
  ref: "refs/heads/main",
  commits: [],
  pusher: { name: "alice" },
  repository: { full_name: "octo/hello" },
};

let server: HeddleProcess;
let url: string;

beforeAll(async () => {
  server = launch({
    arguments: ["--home", home, "--port", "0"],
    environment: {
      ...(await quick()),
      GITHUB_WEBHOOK_SECRET: WEBHOOK_SECRET,
      GITHUB_TOKEN: "ghp_of_the_test",
      LOG_LEVEL: "debug",
    },
  });
  url = await server.started;
}, 120_000);
afterAll(async () => {
  await killAll();
  rmSync(base, { recursive: true, force: true });
});

async function heddle(
  argv: string[],
  {
    input,
    environment = {},
    cwd = base,
  }: { input?: string; environment?: Record<string, string>; cwd?: string } = {},
) {
  const [program = "", ...first] = PROGRAM;
  const child = spawn(program, [...first, ...argv], {
    cwd,
    env: environment,
    stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
  });
  child.stdin?.end(input);
  const [out, err, [status]] = await Promise.all([
    text(child.stdout ?? process.stdin),
    text(child.stderr ?? process.stdin),
    once(child, "exit"),
  ]);
  return { status, out, err };
}

const file = (name: string, content: unknown): string => {
  const path = join(base, name);
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
};

const recordedAs = (out: string): string => /recorded as (\S+)/.exec(out)?.[1] ?? "";

describe("heddle ask", () => {
  test("prints the answer, continues the user's conversation, and starts another with --new", async () => {
    const first = await heddle(["ask", "Hello", "--home", home]);
    expect(first).toMatchObject({ status: 0, err: "" });
    expect(first.out).toContain("No language model is configured");
    expect(server.errors()).toMatch(
      /default answered in cli:\w+ after [\d.]+ s, by offline \(task [0-9a-f-]{36}\)/,
    );
    await heddle(["ask", "-", "--home", home], { input: "Once more" });
    await heddle(["ask", "Elsewhere", "--new", "--home", home]);
    const { channels } = await ask(url, "/api/v1/channels");
    const own = channels.filter(({ client_id }: { client_id: string }) => client_id.startsWith("cli:"));
    expect(own).toHaveLength(2);
  }, 60_000);

  test("failures are reported and exit with 1", async () => {
    const noBot = await heddle(["ask", "Hello", "--bot", "nobody", "--home", home]);
    expect(noBot).toMatchObject({
      status: 1,
      out: "",
      err: expect.stringMatching(/^heddle: There is no bot "nobody"\. /),
    });
    const noTime = await heddle(["ask", "Hello", "--timeout", "soon", "--home", home]);
    expect(noTime.err).toBe('heddle: --timeout must be a number of seconds; got "soon".\n');
    const noServer = await heddle(["ask", "Hello", "--home", join(base, "empty")]);
    expect(noServer).toMatchObject({ status: 1, out: "" });
    expect(noServer.err).toContain('Start one with "heddle serve"');
  }, 60_000);
});

describe("heddle keys", () => {
  test("keys are created, listed and revoked on the running server, with immediate effect", async () => {
    const flags = ["--home", home];
    const made = await heddle(["keys", "create", "--name", "ci", "--scopes", "tasks:read", ...flags]);
    expect(made).toMatchObject({ status: 0, err: "" });
    const [key = ""] = made.out.split("\n");
    const id = /id ([0-9a-f-]{36})/.exec(made.out)?.[1] ?? "";
    const asked = () => fetch(`${url}/api/v1/tasks`, { headers: { authorization: `Bearer ${key}` } });
    expect((await asked()).status).toBe(200);
    expect((await heddle(["keys", "list", ...flags])).out).toContain(
      `${id}\t${key.slice(0, 12)}\tlive\ttasks:read\tci`,
    );
    expect(await heddle(["keys", "revoke", id, ...flags])).toMatchObject({ status: 0, out: "Revoked.\n" });
    expect((await asked()).status).toBe(401);
    const gone = await heddle(["keys", "revoke", id, ...flags]);
    const none = (key: string) =>
      `heddle: There is no live key "${key}"; heddle keys list shows the ids of keys.\n`;
    expect(gone).toMatchObject({ status: 1, err: none(id) });
    expect(await heddle(["keys", "revoke", "ci", ...flags])).toMatchObject({ status: 1, err: none("ci") });
  }, 60_000);

  test("an address left by a crash is ignored, and the database itself is used", async () => {
    const crashed = join(base, "crashed");
    mkdirSync(join(crashed, "run"), { recursive: true });
    const left = { url: "http://127.0.0.1:9", socket: join(crashed, "run", "heddle.sock"), pid: 1 };
    writeFileSync(join(crashed, "run", "server.json"), JSON.stringify(left));
    const made = await heddle([
      "keys",
      "create",
      "--name",
      "ci",
      "--scopes",
      "tasks:read",
      "--home",
      crashed,
    ]);
    expect(made).toMatchObject({ status: 0, err: "" });
  }, 60_000);
});

describe("heddle check", () => {
  test("checks what the running server has loaded, without its database", async () => {
    const { status, out } = await heddle(["check", "--home", home]);
    expect(out).toContain("github  gold  (builtin)");
    expect([status, out]).toEqual([0, expect.stringMatching(/(\d+) integrations: \1 gold\n/)]);
  }, 60_000);
});

describe("heddle receive and replay", () => {
  test("the server publishes its address and a socket for its user only, and no key", async () => {
    const left = JSON.parse(readFileSync(runFile, "utf8"));
    expect(left).toEqual({ url, socket: join(home, "run", "heddle.sock"), pid: server.pid });
    expect([runFile, left.socket].map((path) => statSync(path).mode & 0o777)).toEqual([0o600, 0o600]);
    expect(statSync(join(home, "run")).mode & 0o777).toBe(0o700);
    const asked = async (headers: Record<string, string>) =>
      (await fetchOverSocket(left.socket, "http://localhost/api/v1/inbox", { headers })).status;
    expect(await asked({})).toBe(200);
    expect(await asked({ authorization: "Bearer wrong-key" })).toBe(401);
  });

  test("a payload is signed and accepted, and again by replay", async () => {
    const payload = file("push.json", PUSH);
    const received = await heddle(["receive", "github", payload, "--event", "push", "--home", home]);
    expect(received).toMatchObject({ status: 0, err: "" });
    expect(received.out).toStartWith("accepted, recorded as ");
    expect(received.out).toContain('answer 200: {"status":"processed"');
    const id = recordedAs(received.out);
    expect(server.errors()).toContain("Webhook of github: POST /webhook accepted (200)");
    const event = await ask(url, `/api/v1/inbox/${id}`);
    expect(event).toMatchObject({ verdict: "accepted", verified: true, body: JSON.stringify(PUSH) });

    const replayed = await heddle(["replay", id, "--home", home]);
    expect(replayed).toMatchObject({ status: 0, err: "" });
    expect(await ask(url, `/api/v1/inbox/${recordedAs(replayed.out)}`)).toMatchObject({
      verdict: "accepted",
      replay_of: id,
      outcomes: [{ session_id: event.outcomes[0].session_id, duplicate: false }],
    });
  }, 60_000);

  test("an event from the inbox can be received: from standard input, with another key, with additional headers", async () => {
    const { events } = await ask(url, "/api/v1/inbox?limit=1");
    const recorded = await ask(url, `/api/v1/inbox/${events[0].id}`);
    const sent = await heddle(
      ["receive", "github", "-", "--header", "X-Note: one", "--header=x-other: two:three"],
      {
        input: JSON.stringify(recorded),
        environment: { HEDDLE_URL: url, HEDDLE_API_KEY: ADMIN_KEY },
      },
    );
    expect(sent).toMatchObject({ status: 0, err: "" });
    const again = await ask(url, `/api/v1/inbox/${recordedAs(sent.out)}`);
    expect(again).toMatchObject({ verdict: "accepted", body: recorded.body });
    expect(again.headers).toMatchObject({
      "x-note": "one",
      "x-other": "two:three",
      "x-github-event": "push",
    });
    expect(again.headers["x-github-delivery"]).not.toBe(recorded.headers["x-github-delivery"]);

    const delivery = again.headers["x-github-delivery"];
    const copy = await heddle([
      "receive",
      "github",
      file("r.json", recorded),
      "--delivery",
      delivery,
      "--home",
      home,
    ]);
    expect(copy.out).toStartWith("duplicate, recorded as ");
  }, 60_000);

  test("ignored GitHub events are shown with the reason", async () => {
    const star = await heddle([
      "receive",
      "github",
      file("star.json", {}),
      "--event",
      "star",
      "--home",
      home,
    ]);
    expect(star.out).toStartWith("ignored, recorded as ");
    expect(star.out).toContain("reason: unhandled");
    const own = { ...PUSH, action: "created", comment: { body: "<!-- heddle:delivery:1:1 -->" } };
    const comment = await heddle([
      "receive",
      "github",
      file("own.json", own),
      "--event",
      "issue_comment",
      "--home",
      home,
    ]);
    expect(comment.out).toContain("reason: bot_self");
  }, 60_000);

  test("a refusal is reported and exits with 1", async () => {
    const list = await heddle(["receive", "github", file("list.json", "[1]"), "--home", home]);
    expect(list.status).toBe(1);
    expect(list.out).toContain("rejected, recorded as ");
    expect(list.out).toContain("reason: The body must be a JSON object.");
    expect(list.err).toBe("heddle: The integration refused the webhook: it answered 400.\n");

    const cases: [argv: string[], says: string, environment?: Record<string, string>][] = [
      [["replay", "0198c0de-0000-7000-8000-000000000000", "--home", home], "There is no webhook"],
      [["replay", "nothing", "--home", home], "id must be a UUID"],
      [["receive", "nobody", file("x.json", {}), "--home", home], 'There is no integration "nobody"'],
      [["receive", "github", join(base, "missing.json"), "--home", home], "cannot be read"],
      [
        ["receive", "github", file("x.json", {}), "--header", "x", "--home", home],
        '--header must be "name: value"',
      ],
      [["replay", "x", "--home", join(base, "other")], "or as root (under the systemd unit: sudo heddle"],
      [["replay", "x", "--url", url], "A key for http"],
      [["replay", "x", "--url", url, "--api-key", "wrong-key"], "unknown, revoked or expired"],
      [
        ["replay", "x"],
        "No server answers at http://127.0.0.1:1",
        { HEDDLE_URL: "http://127.0.0.1:1", HEDDLE_API_KEY: "x" },
      ],
    ];
    for (const [argv, says, environment] of cases) {
      const { status, err } = await heddle(argv, { ...(environment && { environment }) });
      expect([argv, status, err]).toEqual([argv, 1, expect.stringContaining(says)]);
      expect(err).toStartWith("heddle: ");
    }
  }, 120_000);

  test("an .env file does not decide where the key is sent", async () => {
    let asked = 0;
    const thief = Bun.serve({ port: 0, fetch: () => Response.json({ asked: ++asked }) });
    const folder = join(base, "strange");
    mkdirSync(join(folder, ".heddle"), { recursive: true, mode: 0o700 });
    writeFileSync(join(folder, ".heddle", ".env"), `HEDDLE_URL=${thief.url}\n`);
    const environment = { HEDDLE_API_KEY: ADMIN_KEY, HOME: base };
    for (const argv of [[], ["--home", ".heddle"]]) {
      const { status, err } = await heddle(["replay", "x", ...argv], { environment, cwd: folder });
      expect([status, err]).toEqual([1, expect.stringContaining("No server runs on")]);
    }
    expect(asked).toBe(0);
    await thief.stop();
  }, 60_000);

  test("the socket is removed with the server; for a home with a long path it is elsewhere", async () => {
    const first = JSON.parse(readFileSync(runFile, "utf8"));
    server.kill("SIGKILL");
    await server.ended;
    expect(existsSync(runFile)).toBe(true);
    const orphan = await heddle(["replay", "x", "--home", home]);
    expect(orphan.err).toContain(`(process ${first.pid}) is gone`);

    const long = join(base, "long".repeat(30));
    for (const at of [home, long]) {
      server = launch({ arguments: ["--home", at, "--port", "0"], environment: await quick() });
      url = await server.started;
      const { socket } = JSON.parse(readFileSync(join(at, "run", "server.json"), "utf8"));
      expect(statSync(dirname(socket)).mode & 0o777).toBe(0o700);
      expect((await heddle(["replay", "nothing", "--home", at])).err).toContain("id must be");
      server.kill("SIGTERM");
      expect(await server.ended).toBe(0);
      expect([existsSync(join(at, "run", "server.json")), existsSync(socket)]).toEqual([false, false]);
      if (at === long) expect(existsSync(dirname(socket))).toBe(false);
    }
  }, 120_000);
});

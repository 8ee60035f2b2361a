// A bot has a coding agent work in the workspace: what the agent asks are approvals, of which each is answered once, and none outlives
// the process that asked it.

import { afterAll, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type DatabasePlace, oneDatabase } from "../database.ts";
import { ADMIN_KEY, ask, killAll, launch } from "../faults/process.ts";
import { fakeEndpoint, type Received, type Reply } from "../providers/fake-endpoint.ts";
import { until } from "../until.ts";

afterAll(killAll);

const AGENT = join(import.meta.dirname, "fake-agent.ts");
const TOKEN = "agent-token-0123456789";

/** Passes on what it is asked to the agent, and says what came back. */
function model({ body }: Received): Reply {
  const last = body.messages.at(-1);
  const finish = (delta: object, finish_reason: string) => ({
    events: [
      { choices: [{ index: 0, delta, finish_reason: null }] },
      { choices: [{ index: 0, delta: {}, finish_reason }] },
    ],
  });
  if (last.role === "tool") return finish({ content: `It says: ${last.content}` }, "stop");
  const [, folder = "", task = ""] = /DO (\S+) ([^\n]*)/.exec(JSON.stringify(last.content)) ?? [];
  const call = { name: "code_with_fake", arguments: JSON.stringify({ folder, task: task.split('"')[0] }) };
  return finish({ tool_calls: [{ index: 0, id: "call_1", function: call }] }, "tool_calls");
}

oneDatabase("a coding agent", (open) => {
  test("works in a folder, asks people, is stopped, and leaves no question behind", async () => {
    await using endpoint = await fakeEndpoint(model);
    const place: DatabasePlace = await open.place();
    const file = (timeout: number) =>
      `agents:\n  fake:\n    command: bun\n    args: [${AGENT}]\n    env: { FAKE_TOKEN: "\${FAKE_SOURCE}" }\n    timeout_seconds: ${timeout}\n`;
    await writeFile(join(place.home, "acp.yaml"), file(60));
    const start = () =>
      launch({
        arguments: ["--home", place.home, "--port", "0"],
        environment: {
          ...(place.databaseUrl && { DATABASE_URL: place.databaseUrl }),
          OPENAI_BASE_URL: endpoint.url,
          FAKE_SOURCE: TOKEN,
        },
      });
    const server = start();
    let url = await server.started;
    const call = async (path: string, body: object, method = "POST") => {
      const response = await fetch(`${url}/api/v1${path}`, {
        method,
        headers: { authorization: `Bearer ${ADMIN_KEY}`, "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      // biome-ignore lint/suspicious/noExplicitAny: answers are checked field by field
      return { status: response.status, body: (await response.json()) as any };
    };
    let rooms = 0;
    const send = async (content: string, bot_id = "default"): Promise<string> => {
      const room = { client_id: `test:room${rooms++}`, bot_id };
      const { body: session } = await call("/sessions", room);
      const path = `/sessions/${session.session_id}/messages`;
      return (await call(path, { content, run_agent: true })).body.task_id;
    };
    const ended = (task: string) =>
      until(
        () => ask(url, `/api/v1/tasks/${task}`),
        ({ status }) => ["complete", "failed", "cancelled"].includes(status),
      );
    const pending = async (count: number) =>
      (
        await until(
          () => ask(url, "/api/v1/approvals?status=pending&bot_id=default"),
          ({ approvals }) => approvals.length === count,
        )
      ).approvals;
    const folder = join(place.home, "workspace", "common", "site");
    await call("/bots/default", { tools: ["code_with_fake"] }, "PATCH");
    // A bot of its person may call it without being asked: only what the agent asks is asked here.
    const own = { name: "May", effect: "allow", tools: ["code_with_fake"] };
    expect((await call("/policies", own)).status).toBe(201);

    // Approved, by one of two at once.
    const first = await send("DO common/site Write it. FLOOD");
    const [asked] = await pending(1);
    expect(asked).toMatchObject({
      tool_name: "code_with_fake/edit",
      task_id: first,
      policy_name: "Built-in: coding agents ask",
      arguments: {
        action: "Write hello.txt",
        paths: [join(folder, "hello.txt")],
        changes: [{ new_text: "Hello\n" }],
      },
    });
    expect(JSON.stringify(asked)).not.toContain(TOKEN);
    expect(existsSync(join(folder, "hello.txt"))).toBe(false);
    const answers = await Promise.all(
      [true, false].map((approved) => call(`/approvals/${asked.id}/decide`, { approved })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    const isApproved = answers[0]?.status === 200;
    const done = await ended(first);
    expect(done.result).toContain(isApproved ? " written" : "not written");
    expect(existsSync(join(folder, "hello.txt"))).toBe(isApproved);
    expect(done.result).toMatch(/\[outside \w{12}\]/);
    const changed = '"changed_files":["hello.txt"]';
    // A file that nobody allowed to change is not among the changed ones.
    expect(done.result.includes(changed)).toBe(isApproved);
    expect(done.result.length).toBeLessThan(30_000);
    // Nothing of the server's environment.
    expect(done.result).not.toMatch(/API_KEY|DATABASE_URL|HEDDLE_(?!SUPERVISOR)/);

    // Its work is listed, and its state follows from it.
    const agents = "/api/v1/admin/coding-agents";
    const { coding_sessions } = await ask(url, `${agents}/fake/sessions`);
    expect(coding_sessions).toMatchObject([
      {
        task_id: first,
        bot_id: "default",
        status: "done",
        folder: "common/site",
        changed_files: Number(isApproved),
      },
    ]);
    expect(await ask(url, `${agents}/fake`)).toMatchObject({
      ...{ state: "ready", source: "file", tool: "code_with_fake", env: { FAKE_TOKEN: "********" } },
    });
    expect((await call("/admin/coding-agents/fake", { name: "x" }, "PATCH")).status).toBe(409);

    const strict = { id: "strict", name: "Strict", system_prompt: "", tools: ["code_with_fake"] };
    expect((await call("/bots", strict)).status).toBe(201);
    const inTime = {
      ...{ name: "In time", effect: "require_approval", priority: 1, bot_id: "strict" },
      ...{ tools: ["code_with_fake/*"], approval: { timeout_seconds: 10, on_timeout: "fail" } },
    };
    expect((await call("/policies", inTime)).status).toBe(201);
    const late = await send("DO common/late Write it.", "strict");

    // One that is stored is tested, and a bot gets it at once; its secret is shown nowhere.
    const program = { command: "bun", args: [AGENT], env: { FAKE_SULKS: "secret-of-the-stored-one" } };
    expect((await call("/admin/coding-agents", { id: "other", ...program })).status).toBe(201);
    const failed = (await call("/admin/coding-agents/other/test", {})).body;
    expect([failed.ok, failed.error]).toEqual([false, expect.stringContaining("Sign in first.")]);
    expect((await ask(url, `${agents}/other`)).state).toBe("failing");
    const other = await call("/admin/coding-agents/other", { env: { FAKE_TOKEN: "t" } }, "PATCH");
    expect([other.status, other.body.state, other.body.last_test]).toEqual([200, "untested", null]);
    expect((await call("/admin/coding-agents/other/test", {})).body.ok).toBe(true);
    const tested = await ask(url, `${agents}/other`);
    expect(tested).toMatchObject({
      state: "ready",
      last_test: { agent_name: "fake", agent_version: "4.5.6" },
    });
    expect(JSON.stringify(tested)).not.toContain("secret-of-the-stored-one");
    expect((await ask(url, "/api/v1/tools/code_with_other")).name).toBe("code_with_other");
    const gone = { method: "DELETE", headers: { authorization: `Bearer ${ADMIN_KEY}` } };
    expect((await fetch(`${url}${agents}/other`, gone)).status).toBe(204);

    // All of it is shown, or it is not asked.
    const long = await send("DO common/long Write it. LONG 60000");
    const [whole] = await pending(1);
    expect(whole.arguments.changes[0].new_text).toEndWith("x\nrm -rf the end\n");
    await call(`/approvals/${whole.id}/decide`, { approved: false });
    expect((await ended(long)).result).toContain("not written");
    const { result: tooLong } = await ended(await send("DO common/long Write it. LONG 600000"));
    expect(tooLong).toContain("not written");
    expect(tooLong).toContain("more than a person can be shown");

    // What policies decide is not asked.
    await call("/policies", { name: "No", effect: "deny", tools: ["code_with_*/execute"] });
    await call("/policies", { name: "Yes", effect: "allow", tools: ["code_with_fake/edit"] });
    expect((await ended(await send("DO common/other RUN it."))).result).toContain("not written");
    expect((await ended(await send("DO common/other Write it."))).result).toContain(" written");
    expect(await readFile(join(folder, "../other/hello.txt"), "utf8")).toBe("Hello\n");

    // Where it may not work, and when it fails.
    await mkdir(join(place.home, "workspace/integrations/acme"), { recursive: true });
    await symlink("../integrations", join(place.home, "workspace/common/link"));
    for (const wrong of ["integrations/acme", "common", "common/../x", "common/link/acme", "bots/other/x"]) {
      const { result } = await ended(await send(`DO ${wrong} Write it.`));
      expect(result).toContain("error");
      expect(result).not.toContain("written");
    }
    expect((await ended(await send("DO common/site DIE"))).result).toContain("The loom is broken.");

    // Nobody has decided in time, and the policy says that the run fails then.
    const undecided = await ended(late);
    expect([undecided.status, undecided.error_code]).toEqual(["failed", "timeout"]);
    expect(undecided.error).toContain('the policy "In time" leaves to a person');
    expect(existsSync(join(folder, "../late/hello.txt"))).toBe(false);

    // Stopped.
    const hanging = await send("DO common/site HANG");
    await until(() => existsSync(join(folder, "hangs")));
    await call(`/tasks/${hanging}/cancel`, {});
    expect((await ended(hanging)).status).toBe("cancelled");
    await until(() => existsSync(join(folder, "cancelled")));

    // Killed while somebody is asked.
    const { policies } = await ask(url, "/api/v1/policies");
    const yes = policies.find(({ name }: { name: string }) => name === "Yes");
    await fetch(`${url}/api/v1/policies/${yes.id}`, {
      method: "DELETE",
      headers: { authorization: `Bearer ${ADMIN_KEY}` },
    });
    const last = await send("DO common/third Write it.");
    const [left] = await pending(1);
    server.kill("SIGKILL");
    await server.ended;
    const again = start();
    url = await again.started;
    const after = await ended(last);
    expect([after.status, after.result]).toEqual(["complete", expect.stringContaining("outcome is unknown")]);
    expect((await ask(url, `/api/v1/approvals/${left.id}`)).status).toBe("cancelled");
    expect((await call(`/approvals/${left.id}/decide`, { approved: true })).status).toBe(409);
    expect(existsSync(join(folder, "../third/hello.txt"))).toBe(false);
    again.kill("SIGTERM");
    await again.ended;
  }, 120_000);
});

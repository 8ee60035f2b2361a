// What `heddle approvals …` prints, over the real routes.

import { beforeAll, expect, test } from "bun:test";
import { decideApproval, listApprovals } from "../../../src/cli/client/approvals.ts";
import type { Connection } from "../../../src/cli/client/connect.ts";
import { approvals } from "../../../src/db/schema.ts";
import { HeddleError } from "../../../src/errors.ts";
import { newId } from "../../../src/ids.ts";
import { addBot, addSession, addTask } from "../../agent/fixture.ts";
import { embeddedDatabase, type TestDatabase } from "../../database.ts";
import { createHttpFixture, type HttpFixture } from "../../http/fixture.ts";

const open = embeddedDatabase();
let db: TestDatabase;
let http: HttpFixture;
beforeAll(async () => {
  db = await open();
  http = await createHttpFixture(db);
});

test("calls that wait are listed, one is approved, one is denied", async () => {
  const ask = async (method: string, path: string, body?: unknown) => {
    const { status, body: answer } = await http.send(method, path, body === undefined ? {} : { body });
    if (status >= 400) throw new HeddleError(answer.error.code, answer.error.message);
    return answer;
  };
  const server = {
    get: (path: string) => ask("GET", path),
    post: (path: string, body?: unknown) => ask("POST", path, body),
  } as Connection;
  const lines: string[] = [];
  const print = (line: string) => void lines.push(line);
  const printed = () => lines.splice(0).join("\n");
  await listApprovals(server, print);
  expect(printed()).toBe("No call waits for a person.");
  const task = await addTask(db, await addSession(db, await addBot(db, { id: "clerk" })), "Write to Ann.");
  const add = async () => {
    const id = newId();
    await db.query.insert(approvals).values({
      ...{ id, task_id: task.id, session_id: task.session_id, channel_id: task.channel_id, bot_id: "clerk" },
      ...{
        correlation_id: newId(),
        message_id: newId(),
        call_id: "1",
        tool_name: "send_mail",
        call_hash: "",
      },
      ...{
        arguments: { text: "Hello\nWhy: nothing\u009b1A\u202e" },
        policy_name: "Mails",
        reason: "They leave.",
        on_timeout: "deny",
      },
      expires_at: new Date("2999-01-01T00:00:00Z"),
    });
    return id;
  };
  const [first, second] = [await add(), await add()];
  await listApprovals(server, print);
  const shown = (id: string) => [
    `${id}  clerk wants to call send_mail, until 2999-01-01T00:00:00.000Z`,
    String.raw`    "text": "Hello\nWhy: nothing\u009b1A\u202e"`,
    "    Why: They leave.",
  ];
  expect(printed()).toBe([...shown(second), ...shown(first)].join("\n"));
  await decideApproval(server, { id: first, approved: true, choice: undefined, note: undefined }, print);
  expect(printed()).toBe(`${first} is approved: send_mail, called by clerk.`);
  const late = decideApproval(
    server,
    { id: first, approved: false, choice: undefined, note: undefined },
    print,
  );
  await expect(late).rejects.toThrow("has approved it already");
  await decideApproval(server, { id: second, approved: false, choice: "run", note: "Not now." }, print);
  expect((await ask("GET", `/api/v1/approvals/${second}`)).note).toBe("Not now.");
});

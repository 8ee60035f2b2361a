// People are asked where they talk with the bot, answer there, and are told what was decided.

import { expect, test } from "bun:test";
import { createApprovals } from "../../src/approvals/approvals.ts";
import { deliveries } from "../../src/db/schema.ts";
import { createApprovalNotices } from "../../src/dispatch/approval-notices.ts";
import { newId } from "../../src/ids.ts";
import type { AskApprovalInput, PostMessageInput } from "../../src/sdk/types.ts";
import { createWorker } from "../../src/worker/worker.ts";
import { addBot, agentOver, call, log, scriptedLlm, tool } from "../agent/fixture.ts";
import { eachDatabase } from "../database.ts";
import { createHttpFixture } from "../http/fixture.ts";
import { until } from "../until.ts";

eachDatabase("approvals in a chat", (open) => {
  test("are asked by its dispatcher, decided by the person who is named, and shown as decided", async () => {
    const db = await open();
    const asked: AskApprovalInput[] = [];
    const answers: string[] = [];
    const http = await createHttpFixture(db, {
      dispatchers: {
        room: {
          deliver: ({ result }) => void answers.push(result),
          askApproval: (input) => {
            asked.push(input);
            return { receipt: { message: asked.length } };
          },
        },
        mute: { deliver: () => undefined },
      },
    });
    const notices = createApprovalNotices(http);
    await http.policies.create({
      ...{ name: "Doors", effect: "require_approval", tools: ["open_door"] },
      approval: { approvers: ["room:ann"] },
    });
    const opened: unknown[] = [];
    const { agent } = agentOver(
      db,
      scriptedLlm([{ calls: [call("1", "open_door", { door: "front" })] }, "It is open."]),
      { tools: [tool("open_door", (args) => void opened.push(args))], decide: http.policies.decide },
    );
    const worker = createWorker({
      ...{ ...http, agent, notices, redact: (text: string) => text, concurrency: 1 },
      ...{ maxRunSeconds: 60, maxUnattendedRuns: 0 },
    });
    const approvals = createApprovals({
      ...{ db, queue: http.queue, policies: http.policies, notices, onCommit: () => undefined, log },
      now: Date.now,
    });
    try {
      const { session_id } = await http.sessions.getOrCreate({
        clientId: `room:${newId()}`,
        botId: await addBot(db),
      });
      const { task_id } = await http.sessions.inject(
        {
          ...{ sessionId: session_id, content: "Open the door.", source: "room", runAgent: true },
          dispatchConfig: { type: "room", room: "hall" },
        },
        "room",
        { fromPerson: true },
      );
      const [first] = await until(
        () => asked,
        ({ length }) => length === 1,
      );
      expect(first).toMatchObject({
        ...{ config: { room: "hall" }, dispatchConfig: { type: "room", room: "hall" } },
        approval: {
          ...{ tool: "open_door", arguments: { door: "front" }, status: "pending", approvers: ["room:ann"] },
          decided_by: null,
        },
      });
      expect(first).not.toHaveProperty("receipt");
      const id = first?.approval.id ?? "";
      const once = { approved: true, choice: "once" as const };
      const as = (who: string) => ({ id: `room:${who}`, name: who, isOutside: true });
      await expect(approvals.decide(id, once, as("eve"), undefined)).rejects.toThrow(
        "Other people are asked",
      );
      await approvals.decide(id, once, as("ann"), undefined);
      const [, told] = await until(
        () => asked,
        ({ length }) => length === 2,
      );
      expect(told).toMatchObject({
        ...{ receipt: { message: 1 }, text: expect.stringContaining("approved by ann") },
        approval: { id, status: "approved", decided_by: "ann", decided_at: expect.any(String) },
      });
      await until(() => answers.length === 1);
      expect([answers, opened]).toEqual([["It is open."], [{ door: "front" }]]);
      expect((await http.tasks.get(String(task_id))).status).toBe("complete");
    } finally {
      await worker.close();
    }
  });

  test("are decided although the place that was asked cannot be read any more", async () => {
    const db = await open();
    const http = await createHttpFixture(db, {
      dispatchers: { room: { deliver: () => undefined, askApproval: () => ({ receipt: 1 }) } },
    });
    const notices = createApprovalNotices(http);
    await http.policies.create({ name: "Doors", effect: "require_approval", tools: ["open_door"] });
    const { agent } = agentOver(db, scriptedLlm([{ calls: [call("1", "open_door", {})] }, "It is open."]), {
      tools: [tool("open_door", () => "ok")],
      decide: http.policies.decide,
    });
    const worker = createWorker({
      ...{ ...http, agent, notices, redact: (text: string) => text, concurrency: 1 },
      ...{ maxRunSeconds: 60, maxUnattendedRuns: 0 },
    });
    const approvals = createApprovals({
      ...{ db, queue: http.queue, policies: http.policies, notices, onCommit: () => undefined, log },
      now: Date.now,
    });
    try {
      const place = { clientId: `room:${newId()}`, botId: await addBot(db) };
      const { session_id } = await http.sessions.getOrCreate(place);
      const { task_id } = await http.sessions.inject(
        {
          ...{ sessionId: session_id, content: "Open the door.", source: "room", runAgent: true },
          dispatchConfig: { type: "room", room: "hall" },
        },
        "room",
        { fromPerson: true },
      );
      const [asked] = await until(
        () => db.query.select().from(deliveries),
        ([row]) => row?.status === "delivered",
      );
      // Its key is gone.
      await db.query.update(deliveries).set({ dispatch_config: { room: "sealed:v2:gone:x" } });
      const once = { approved: true, choice: "once" as const };
      await approvals.decide(
        String(asked?.payload.approval?.id),
        once,
        { id: "key:ann", name: "ann" },
        undefined,
      );
      expect(
        await until(
          () => http.tasks.get(String(task_id)),
          ({ status }) => status === "complete",
        ),
      ).toMatchObject({
        result: "It is open.",
      });
    } finally {
      await worker.close();
    }
  });

  test("are asked by a text with a link where the dispatcher can only post, without the arguments", async () => {
    const db = await open();
    const posted: PostMessageInput[] = [];
    const http = await createHttpFixture(db, {
      dispatchers: {
        wall: {
          deliver: () => undefined,
          postMessage: (input) => void posted.push(input as PostMessageInput),
        },
      },
    });
    const notices = createApprovalNotices({ ...http, adminUrl: () => "https://heddle.example" });
    await http.policies.create({
      ...{ name: "Doors", effect: "require_approval", tools: ["open_door"], reason: "Burglars." },
    });
    const { agent } = agentOver(
      db,
      scriptedLlm([{ calls: [call("1", "open_door", { code: "1234-secret" })] }, "It is open."]),
      { tools: [tool("open_door", () => "ok")], decide: http.policies.decide },
    );
    const worker = createWorker({
      ...{ ...http, agent, notices, redact: (text: string) => text, concurrency: 1 },
      ...{ maxRunSeconds: 60, maxUnattendedRuns: 0 },
    });
    const approvals = createApprovals({
      ...{ db, queue: http.queue, policies: http.policies, notices, onCommit: () => undefined, log },
      now: Date.now,
    });
    try {
      const bot = await addBot(db);
      const { session_id } = await http.sessions.getOrCreate({ clientId: `wall:${newId()}`, botId: bot });
      await http.sessions.inject(
        {
          ...{ sessionId: session_id, content: "Open the door.", source: "wall", runAgent: true },
          dispatchConfig: { type: "wall" },
        },
        "wall",
        { fromPerson: true },
      );
      const [first] = await until(
        () => posted,
        ({ length }) => length === 1,
      );
      const [row] = await approvals.list({ limit: 1 });
      const id = String(row?.id);
      expect(first?.text).toContain(`${bot} wants to call open_door. May it?`);
      expect(first?.text).toContain(`at https://heddle.example/approvals/${id}`);
      expect(first?.text).toContain("Burglars.");
      expect(first?.extraMetadata).toEqual({ approval_id: id });
      expect(JSON.stringify(first)).not.toContain("1234-secret");
      await approvals.decide(
        id,
        { approved: true, choice: "once" },
        { id: "key:ann", name: "ann" },
        undefined,
      );
      const [, told] = await until(
        () => posted,
        ({ length }) => length === 2,
      );
      expect(told?.text).toMatch(
        new RegExp(
          `^${bot} wants to call open_door: approved by ann, \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d UTC\\.$`,
        ),
      );
    } finally {
      await worker.close();
    }
  });

  test("an integration's key decides for a person of its service who is named, and for nobody else", async () => {
    const db = await open();
    const http = await createHttpFixture(db);
    const bot = await addBot(db);
    const { session_id, channel_id } = await http.sessions.getOrCreate({ clientId: "room:1", botId: bot });
    const { task_id, message_id } = await http.sessions.inject(
      { sessionId: session_id, content: "Go.", source: "room", runAgent: true },
      "room",
      { owner: "integration:room" },
    );
    const add = async (approvers: string[]) => {
      const id = newId();
      await db.execute(
        `insert into approvals (id, task_id, session_id, channel_id, bot_id, correlation_id, message_id, call_id, tool_name,
           arguments, call_hash, policy_name, approvers, on_timeout, expires_at)
         values ($1::uuid, $2::uuid, $3::uuid, $4::uuid, $5, $2::uuid, $6::uuid, $1, 'x', '{}', '', 'p', $7::text::jsonb, 'deny',
           now() + interval '1 hour')`,
        [id, task_id, session_id, channel_id, bot, message_id, JSON.stringify(approvers)],
      );
      return id;
    };
    const { key } = http.apiKeys.issueEphemeral({
      ...{ name: "p", scopes: ["approvals:write"], integrationId: "room" },
    });
    const decide = async (id: string, by?: object) =>
      (
        await http.send("POST", `/api/v1/approvals/${id}/decide`, {
          key,
          body: { approved: true, ...(by && { by }) },
        })
      ).status;
    const ann = { id: "ann", name: "Ann" };
    const open_to_all = await add([]);
    expect([await decide(open_to_all), await decide(open_to_all, ann)]).toEqual([403, 403]);
    const named = await add(["room:ann"]);
    expect([await decide(named, { id: "eve", name: "Ann" }), await decide(named, ann)]).toEqual([403, 200]);
    // The operator has blocked somebody whom a policy still names.
    const blocked = await add(["room:mallory"]);
    await db.execute(
      "insert into people (id, integration_id, external_id, name, status) values ($1::uuid, 'room', 'mallory', 'M', 'blocked')",
      [newId()],
    );
    expect(await decide(blocked, { id: "mallory", name: "M" })).toBe(403);
    const { body } = await http.send("GET", `/api/v1/approvals/${named}`);
    expect([body.decided_by, body.decided_by_name]).toEqual(["room:ann", "Ann"]);
    const person = await http.send("POST", `/api/v1/approvals/${open_to_all}/decide`, {
      body: { approved: true, by: ann },
    });
    expect([person.status, person.body.error.field]).toEqual([403, "by"]);
  });
});

// The effect of carapaces, skills and templates on a turn: prompts, offered tools, and warnings about what is missing.

import { beforeAll, expect, test } from "bun:test";
import { eq } from "drizzle-orm";
import { createGetSkillTool } from "../../src/agent/tools/builtin/get-skill.ts";
import { createCarapaces } from "../../src/content/carapaces/carapaces.ts";
import { createSkills } from "../../src/content/skills/skills.ts";
import { createTemplates } from "../../src/content/templates/templates.ts";
import type { Database } from "../../src/db/database.ts";
import { channelActivations, tasks } from "../../src/db/schema.ts";
import { carapace, skill, template } from "../capabilities/fixture.ts";
import { eachDatabase } from "../database.ts";
import { addBot, addSession, addTask, agentOver, call, scriptedLlm, tool } from "./fixture.ts";

const running = () => new AbortController().signal;

function sources() {
  const skills = createSkills();
  const carapaces = createCarapaces();
  const templates = createTemplates();
  skills.replaceOwner(
    "core",
    ["asked", "mentioned", "pinned", "listed", "spare"].map((id) => skill(id)),
  );
  skills.replaceOwner("board", [skill("integrations/board/rules")]);
  carapaces.replaceOwner("core", [
    carapace("base", "system_prompt_fragment: Base fragment.\nlocal_tools: [base_*]"),
    carapace("worker", "system_prompt_fragment: Worker fragment.\nincludes: [base]\npinned_tools: [work]"),
  ]);
  carapaces.replaceOwner("board", [
    carapace(
      "integrations/board/board",
      "system_prompt_fragment: Board fragment.\nskills: [{ id: rules, mode: pinned }]\nlocal_tools: [board_move]",
    ),
  ]);
  carapaces.replaceOwner("desk", [
    carapace("integrations/desk/desk", "system_prompt_fragment: Desk fragment."),
  ]);
  templates.replaceOwner("core", [template("layout", "---\nname: Layout\n---\nNotes go into notes.md.")]);
  const activationOf = (id: string) =>
    id === "board" || id === "desk" ? { carapaces: [id], includes: [] } : undefined;
  return { skills, carapaces, templates, activationOf };
}

eachDatabase("capabilities in a turn", (open) => {
  let db: Database;
  beforeAll(async () => {
    db = await open();
  });

  const stored = async (id: string) =>
    (await db.query.select({ warnings: tasks.warnings }).from(tasks).where(eq(tasks.id, id)))[0]?.warnings;

  test("the order is fragments, template, skills, list, channel prompt, preamble, message", async () => {
    const bot = await addBot(db, {
      tools: ["own"],
      carapaces: ["worker"],
      skills: ["listed", { id: "pinned", mode: "pinned" }, "asked"],
    });
    const session = await addSession(db, bot, { template_id: "layout", prompt: "The channel's prompt." });
    for (const integration_id of ["board", "desk"]) {
      await db.query.insert(channelActivations).values({ channel_id: session.channel_id, integration_id });
    }
    const task = await addTask(db, session, "Do it with @skill:mentioned.", {
      execution_config: { skills: ["asked"], system_preamble: "The preamble.", tools: ["extra"] },
    });
    const tools = ["own", "base_one", "base_two", "work", "board_move", "extra", "other"].map((name) =>
      tool(name, () => "done"),
    );
    const llm = scriptedLlm(["Done"]);
    await agentOver(db, llm, { ...sources(), tools }).agent.runTurn(task, running());

    const [request] = llm.requests;
    const [system, asked] = request?.messages ?? [];
    const parts = [
      "Base fragment.",
      "Worker fragment.",
      "Board fragment.",
      "Desk fragment.",
      'How the work in this channel is laid out ("Layout"):\n\nNotes go into notes.md.',
      'Skill "pinned" (pinned):\n\nText of pinned.',
      'Skill "integrations/board/rules" (integrations/board/rules):\n\nText of integrations/board/rules.',
      "Skills, which get_skill reads by id when the work calls for one:\n- listed: listed\n- asked: asked",
      "The channel's prompt.",
    ];
    expect(system?.content).toEndWith(`\n\n${parts.join("\n\n")}`);
    expect(asked).toMatchObject({
      content: "Do it with @skill:mentioned.",
      context: expect.stringContaining(
        [
          'Skill "asked" (asked):\n\nText of asked.',
          'Skill "mentioned" (mentioned):\n\nText of mentioned.',
          "The preamble.",
        ].join("\n\n"),
      ),
    });
    expect(request?.tools.map(({ name }) => name).toSorted()).toEqual([
      "base_one",
      "base_two",
      "board_move",
      "extra",
      "get_skill",
      "own",
      "work",
    ]);
    expect(await stored(task.id)).toEqual([]);
  });

  test("get_skill reads only listed skills", async () => {
    const session = await addSession(db, await addBot(db, { tools: [], skills: ["listed"] }));
    const task = await addTask(db, session, "Go");
    const llm = scriptedLlm([
      {
        calls: [
          call("a", "get_skill", { skill_id: "listed" }),
          call("b", "get_skill", { skill_id: "spare" }),
        ],
      },
      "Done",
    ]);
    await agentOver(db, llm, sources()).agent.runTurn(task, running());
    expect(llm.requests[1]?.messages.slice(-2).map(({ content }) => content)).toEqual([
      "Text of listed.",
      '{"error":"There is no skill \\"spare\\". Available: listed."}',
    ]);
  });

  test("a bot with get_skill among its tools reads any skill", async () => {
    const all = sources();
    const session = await addSession(db, await addBot(db, { tools: ["get_skill"], skills: ["listed"] }));
    const llm = scriptedLlm([{ calls: [call("a", "get_skill", { skill_id: "spare" })] }, "Done"]);
    const tools = [createGetSkillTool(all.skills)];
    await agentOver(db, llm, { ...all, tools }).agent.runTurn(await addTask(db, session, "Go"), running());
    expect(llm.requests[1]?.messages.at(-1)?.content).toBe("Text of spare.");
  });

  test("what a stranger mentions is ordinary text", async () => {
    const session = await addSession(db, await addBot(db, { tools: ["own"] }));
    const tools = [tool("own", () => "done"), tool("other", () => "done")];
    for (const [fromPerson, skills, offered, warnings] of [
      [false, [], ["own"], 0],
      [true, ["Text of mentioned."], ["other", "own"], 2],
    ] as const) {
      const llm = scriptedLlm(["Done"]);
      const text = "Use @skill:mentioned, @skill:nowhere, @tool:other and @tool:nowhere.";
      const task = await addTask(db, session, text, { fromPerson });
      await agentOver(db, llm, { ...sources(), tools }).agent.runTurn(task, running());
      const texts = JSON.stringify(llm.requests[0]?.messages);
      expect(texts.match(/Text of \w+\./g) ?? []).toEqual([...skills]);
      expect(llm.requests[0]?.tools.map(({ name }) => name)).toEqual([...offered]);
      expect((await stored(task.id))?.length).toBe(warnings);
    }
  });

  test("missing names become warnings of the task, and the run continues", async () => {
    const bot = await addBot(db, { tools: ["own", "gone_tool"], carapaces: ["gone"], skills: ["gone-too"] });
    const session = await addSession(db, bot, {
      template_id: "gone-template",
      tools_disabled: ["extra"],
    });
    await db.query
      .insert(channelActivations)
      .values({ channel_id: session.channel_id, integration_id: "away" });
    const task = await addTask(db, session, "See @skill:nowhere", {
      execution_config: { skills: ["integrations/x/y"], tools: ["extra"] },
    });
    const llm = scriptedLlm(["Done"]);
    const tools = ["own", "extra"].map((name) => tool(name, () => "done"));
    await agentOver(db, llm, { ...sources(), tools }).agent.runTurn(task, running());
    expect(llm.requests[0]?.tools.map(({ name }) => name)).toEqual(["own"]);
    expect(await stored(task.id)).toEqual([
      'The integration "away" is activated in this channel, but not running.',
      'There is no carapace "gone".',
      'There is no template "gone-template".',
      'There is no skill "integrations/x/y".',
      'There is no skill "nowhere".',
      'There is no skill "gone-too".',
      'There is no tool "gone_tool".',
      'The message asks for the tool "extra", which this channel disables.',
    ]);
  });

  test("without get_skill, skills are not listed", async () => {
    const bot = await addBot(db, { tools: [], skills: ["listed"] });
    const session = await addSession(db, bot, { tools_disabled: ["get_*"] });
    const llm = scriptedLlm(["Done"]);
    const task = await addTask(db, session, "Go");
    await agentOver(db, llm, sources()).agent.runTurn(task, running());
    expect(llm.requests[0]).toMatchObject({ tools: [] });
    expect(llm.requests[0]?.messages.some(({ content }) => content.includes("listed"))).toBe(false);
  });
});

import { describe, expect, test } from "bun:test";
import { policyFrom } from "../../src/approvals/policy-from.ts";
import type { ArgumentCondition } from "../../src/db/schema.ts";
import { fitArguments } from "../../src/policies/conditions.ts";
import { decide, refusalOf, toRules } from "../../src/policies/decide.ts";
import type { CallFacts, Policy, Taint } from "../../src/policies/policy.ts";
import { LED_NAME } from "../../src/policies/strangers.ts";
import { factsOf } from "../../src/policies/tool-kinds.ts";
import { policy } from "./fixture.ts";

const MERGE: CallFacts = {
  tool: factsOf({ name: "github_merge", owner: "github" }),
  args: { repo: "site", number: 7 },
  bot_id: "helper",
  channel_id: "0198c0de-0000-7000-8000-00000000000c",
};

const by = (policies: Policy[], call: Partial<CallFacts> = {}, taint: Taint = "none") => {
  const { effect, rule } = decide(toRules(policies), { ...MERGE, ...call }, taint);
  return [effect, rule?.name ?? null];
};

describe("which rule decides", () => {
  test("a call that no rule fits is allowed", () => {
    expect(by([])).toEqual(["allow", null]);
    expect(by([policy({ tools: ["slack_*"] })])).toEqual(["allow", null]);
    expect(by([policy({ enabled: false })])).toEqual(["allow", null]);
  });

  test("every condition of a rule must hold", () => {
    const fits = (given: Partial<Policy>) => by([policy(given)])[0] === "deny";
    expect([fits({}), fits({ tools: ["other", "github_*"] }), fits({ tools: ["*_list"] })]).toEqual([
      true,
      true,
      false,
    ]);
    expect([fits({ kinds: ["write"] }), fits({ kinds: ["read", "egress"] })]).toEqual([true, false]);
    expect([fits({ bot_id: "helper" }), fits({ bot_id: "other" })]).toEqual([true, false]);
    expect([fits({ channel_id: MERGE.channel_id }), fits({ channel_id: "another" })]).toEqual([true, false]);
    expect([fits({ integration_id: "github" }), fits({ integration_id: "slack" })]).toEqual([true, false]);
    expect([fits({ tainted: false }), fits({ tainted: true })]).toEqual([true, false]);
    expect(by([policy({ tainted: true })], {}, "led")[0]).toBe("deny");
    expect(by([policy({ tainted: true })], {}, "read")[0]).toBe("deny");
    expect([
      fits({ arguments: { repo: { equals: "site" } } }),
      fits({ arguments: { repo: { equals: "x" } } }),
    ]).toEqual([true, false]);
  });

  test("what was answered for good about a person's run does not let strangers do the same", () => {
    const tool = factsOf({ name: "send_mail", owner: "mail", annotations: { egress: true } });
    const answer = (more: Partial<Policy> = {}) =>
      policy({ name: "Answer", effect: "allow", tools: ["send_mail"], approval_id: policy().id, ...more });
    const asked = (taint: Taint, rules: Policy[]) => by(rules, { tool }, taint);
    expect(asked("read", [answer()])).toEqual(["allow", "Answer"]);
    expect(asked("led", [answer()])).toEqual(["require_approval", LED_NAME]);
    // What was asked about a stranger's message, and what a person writes by hand, holds there.
    const row = {
      policy_id: null,
      policy_name: LED_NAME,
      tool_name: "send_mail",
      bot_id: "helper",
      arguments: {},
    };
    const written = policyFrom(
      row as never,
      { approved: true, choice: "always" },
      {
        by: { id: "key:ann", name: "Ann" },
        before: undefined,
      },
    );
    expect(written?.tainted).toBe(true);
    expect(asked("led", [answer({ tainted: written?.tainted ?? null })])).toEqual(["allow", "Answer"]);
    expect(asked("led", [answer({ approval_id: null })])).toEqual(["allow", "Answer"]);
    // A policy that people wrote asks for itself.
    const asks = policy({ name: "Asks", effect: "require_approval", tools: ["send_mail"], priority: 200 });
    expect(asked("led", [answer(), asks])).toEqual(["allow", "Answer"]);
  });

  test("of a tool of an MCP server, the name that the server chose only makes rules stricter", () => {
    const tool = factsOf({ name: "get_all", owner: "mcp:crm", type: "mcp", reference: "mcp:crm/get_all" });
    const effect = (given: Partial<Policy>) => by([policy(given)], { tool })[1] !== null;
    expect([
      effect({ tools: ["get_*"] }),
      effect({ tools: ["mcp:crm"] }),
      effect({ tools: ["mcp:x"] }),
    ]).toEqual([...[true, true, false]]);
    const allows = (tools: string[]) => effect({ tools, effect: "allow" });
    expect([allows(["get_*"]), allows(["*"]), allows(["mcp:crm/get_*"])]).toEqual([false, false, true]);
  });

  test("a condition on arguments fits any text, also one that looks like a tool of an MCP server", () => {
    const like: ArgumentCondition = { like: "*secret*" };
    expect(fitArguments({ path: like }, { path: "mcp:x/secret" }, "deny")).toBe(true);
    expect(fitArguments({ path: { like: "mcp:x" } }, { path: "mcp:x/y" }, "allow")).toBe(false);
  });

  test("priority first, then the more specific rule, then the stricter one", () => {
    const all = policy({ name: "all", effect: "deny" });
    const first = policy({ name: "first", effect: "allow", priority: 10 });
    expect(by([all, first])).toEqual(["allow", "first"]);
    const bot = policy({ name: "bot", effect: "allow", bot_id: "helper" });
    expect(by([all, bot])).toEqual(["allow", "bot"]);
    const channel = policy({ name: "channel", effect: "require_approval", channel_id: MERGE.channel_id });
    expect(by([all, bot, channel])).toEqual(["require_approval", "channel"]);
    const ask = policy({ name: "ask", effect: "require_approval" });
    const allow = policy({ name: "allow", effect: "allow" });
    expect(by([allow, ask])).toEqual(["require_approval", "ask"]);
    expect(by([allow, ask, all])).toEqual(["deny", "all"]);
  });

  test("a refusal names the rule and its reason", () => {
    const rules = toRules([policy({ name: "No merges", reason: "Merge by hand." })]);
    expect(refusalOf(decide(rules, MERGE, "none"), "github_merge")).toBe(
      'The policy "No merges" forbids this call of github_merge; it was not made. Merge by hand.',
    );
  });
});

describe("kinds of tools", () => {
  test("what a tool does not say, it may do", () => {
    const kindsOf = (name: string, owner: string, annotations = {}) =>
      factsOf({ name, owner, annotations }).kinds;
    expect(kindsOf("x", "mine")).toEqual(["write"]);
    expect(kindsOf("x", "mine", { readOnly: true })).toEqual(["read"]);
    expect(kindsOf("x", "mine", { readOnly: true, egress: true })).toEqual(["read", "egress"]);
    expect(kindsOf("x", "mine", { destructive: true })).toEqual(["write", "destructive"]);
    expect(kindsOf("remember", "core")).toEqual(["memory"]);
    expect(kindsOf("create_schedule", "core")).toEqual(["schedule"]);
    // An integration does not become harmless by a name.
    expect(kindsOf("remember", "mine")).toEqual(["write"]);
    expect(kindsOf("search_documents", "mine")).toEqual(["write"]);
  });
});

describe("arguments", () => {
  const fits = (condition: ArgumentCondition, value: unknown, effect: Policy["effect"] = "deny") =>
    fitArguments({ x: condition }, value === undefined ? {} : { x: value }, effect);

  test("each condition", () => {
    expect([fits({ equals: "a" }, "a"), fits({ equals: "a" }, "A"), fits({ equals: 7 }, 7)]).toEqual([
      true,
      false,
      true,
    ]);
    expect([fits({ in: ["a", 7] }, 7), fits({ in: ["a"] }, "b")]).toEqual([true, false]);
    expect([
      fits({ prefix: "ab" }, "abc"),
      fits({ suffix: "bc" }, "abc"),
      fits({ contains: "b" }, "abc"),
    ]).toEqual([true, true, true]);
    expect([fits({ like: "a*c" }, "abbbc"), fits({ like: "a*c" }, "abb")]).toEqual([true, false]);
    expect(fits({ prefix: "a", suffix: "z" }, "abc")).toBe(false);
  });

  test("an argument that is not there, or is an object, fits nothing", () => {
    expect([fits({ equals: "a" }, undefined), fits({ like: "*" }, { a: 1 })]).toEqual([false, false]);
    expect(fitArguments({ toString: { like: "*" } }, {}, "deny")).toBe(false);
  });

  test("a path leads into objects", () => {
    const args = { to: { name: "Ann", "a.b": 1 }, "c.d": "e" };
    expect(fitArguments({ "to.name": { equals: "Ann" } }, args, "deny")).toBe(true);
    expect(fitArguments({ "c.d": { equals: "e" } }, args, "deny")).toBe(true);
    expect(fitArguments({ "to.constructor": { like: "*" } }, args, "deny")).toBe(false);
  });

  test("of a list, one element is enough to forbid, and each must fit to allow", () => {
    const both = ["ann@ours.example", "eve@theirs.example"];
    expect([
      fits({ suffix: "@ours.example" }, both, "allow"),
      fits({ suffix: "@ours.example" }, [], "allow"),
    ]).toEqual([false, false]);
    expect(fits({ suffix: "@theirs.example" }, both, "require_approval")).toBe(true);
    expect(fits({ suffix: "@ours.example" }, ["ann@ours.example"], "allow")).toBe(true);
  });

  test("what is allowed by its beginning cannot climb out of it", () => {
    for (const path of ["/srv/data/../../etc", "/srv/data/%2e%2E/x", "/srv/data/..\\x", "/srv/data/..%2fx"]) {
      expect([path, fits({ prefix: "/srv/data/" }, path, "allow")]).toEqual([path, false]);
    }
    expect(fits({ prefix: "/srv/data/" }, "/srv/data/a..b", "allow")).toBe(true);
    // A rule that forbids is not evaded so.
    expect(fits({ prefix: "/srv/data/" }, "/srv/data/../x", "deny")).toBe(true);
  });

  test("long arguments cost linear time", () => {
    const long = "a".repeat(2_000_000);
    const conditions = { x: { like: `${"a*".repeat(300)}b`, contains: `${"a".repeat(900)}b` } };
    // A search that tried every combination would not end.
    expect(fitArguments(conditions, { x: long }, "deny")).toBe(false);
  });
});

describe("what a call cannot escape by", () => {
  const fits = (path: string, condition: ArgumentCondition, args: object, effect: Policy["effect"]) =>
    fitArguments({ [path]: condition }, args as CallFacts["args"], effect);

  test("a path leads through lists, and lists in lists are their elements", () => {
    const files = [{ path: "README.md" }, { path: ".github/workflows/ci.yml" }];
    expect(fits("files.path", { prefix: ".github/" }, { files }, "deny")).toBe(true);
    expect(fits("files.path", { like: "*.md" }, { files }, "allow")).toBe(false);
    expect(fits("files.1.path", { prefix: ".github/" }, { files }, "deny")).toBe(true);
    expect(fits("files.path", { like: "*" }, { files: [{ path: "a" }, {}] }, "allow")).toBe(false);
    expect(fits("to", { equals: "all" }, { to: [["all"]] }, "deny")).toBe(true);
    let deep: unknown = "all";
    for (let level = 0; level < 100_000; level++) deep = [deep];
    expect(fits("to", { equals: "all" }, { to: deep }, "deny")).toBe(true);
  });

  test("an argument whose name looks like the path does not stand in front of it", () => {
    const args = { "repo.name": "site", repo: { name: "prod" } };
    expect(fits("repo.name", { equals: "prod" }, args, "deny")).toBe(true);
    expect(fits("repo.name", { equals: "site" }, args, "deny")).toBe(true);
    expect(fits("repo.name", { equals: "site" }, args, "allow")).toBe(false);
    expect(fits("repo.name", { equals: "site" }, { "repo.name": "site" }, "allow")).toBe(true);
  });

  test("an address that leads out of its folder, however it is written, is not allowed by the folder", () => {
    const url = (rest: string) => `https://ours.example/public/${rest}`;
    for (const rest of [
      "../x",
      "%2e%2E/x",
      ".\t./x",
      "..\n/x",
      "..?x",
      "..#x",
      ".. ",
      "..\u0001",
      "a/..\\..\\x",
    ]) {
      expect([rest, fits("url", { prefix: url("") }, { url: url(rest) }, "allow")]).toEqual([rest, false]);
    }
    for (const rest of ["", "a..b", "...", "a b/c?d=e"]) {
      expect([rest, fits("url", { prefix: url("") }, { url: url(rest) }, "allow")]).toEqual([rest, true]);
    }
  });

  test("what a person allowed for good answers a question, and allows nothing that is forbidden", () => {
    const answer = policy({
      name: "answer",
      effect: "allow",
      priority: 50,
      approval_id: "a",
      bot_id: "helper",
    });
    const asks = policy({ name: "asks", effect: "require_approval" });
    const never = policy({ name: "never", arguments: { repo: { equals: "prod" } } });
    const rest = policy({ name: "rest", priority: 900 });
    const prod = { args: { repo: "prod" } };
    expect(by([answer, asks, never, rest])).toEqual(["allow", "answer"]);
    expect(by([answer, asks, never, rest], prod)).toEqual(["deny", "never"]);
    expect(by([{ ...answer, approval_id: null }, asks, never], prod)).toEqual(["allow", "answer"]);
    // A run that a stranger leads would be asked about.
    expect(by([{ ...answer, tainted: true }], {}, "led")).toEqual(["allow", "answer"]);
  });
});

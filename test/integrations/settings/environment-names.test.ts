import { describe, expect, test } from "bun:test";
import { loadConfig } from "../../../src/config/config.ts";
import { createEnvironmentNames } from "../../../src/integrations/settings/environment-names.ts";

const SERVERS = [
  "API_KEY",
  "ENCRYPTION_KEY",
  "DATABASE_URL",
  "DATABASE_DIRECT_URL",
  "OPENAI_API_KEY",
  "HOOK_WEBHOOK_SECRET",
  "HOOK_WEBHOOK_URLS",
  "TRANSCRIPTION_API_KEY",
  "TRANSCRIPTION_MODEL",
  "HEDDLE_API_KEY",
  "HEDDLE_HOME",
  "PGPASSWORD",
  "PORT",
];

function names(environment: Record<string, string>, ids: string[], favoured: string[] = []) {
  const said: string[] = [];
  const { isOwnVariable } = loadConfig({ home: "/nonexistent" }, {});
  const warning = (_: string, facts: { id: string; name: string; owner: string }) =>
    void said.push(`${facts.id} ${facts.name} ${facts.owner}`);
  const log = { warning: warning as never };
  const read = createEnvironmentNames({ environment, isOwnVariable, ids: () => ids, favoured, log });
  return { read, said };
}

describe("an integration gets from the environment", () => {
  test("none of Heddle's own variables", () => {
    const environment = Object.fromEntries(SERVERS.map((name) => [name, "canary"]));
    const { read, said } = names(environment, ["thief", "openai", "api", "hook"], ["openai"]);
    for (const id of ["thief", "openai", "api", "hook"]) {
      expect(SERVERS.filter((name) => read(id, name) !== undefined)).toEqual([]);
    }
    expect(said).toContain("thief ENCRYPTION_KEY Heddle itself");
    expect(said).not.toContain("canary");
  });

  test("variables named after it, but not those named after another", () => {
    const environment = { GITHUB_TOKEN: "a", MY_CRM_URL: "b", GITHUB_APP_ID: "c", GITHUBBER: "d" };
    const { read, said } = names(environment, ["github", "my-crm", "github-app", "thief"]);
    expect(read("thief", "GITHUB_TOKEN")).toBeUndefined();
    expect(read("thief", "MY_CRM_URL")).toBeUndefined();
    expect(read("github", "GITHUB_TOKEN")).toBe("a");
    expect(read("my-crm", "MY_CRM_URL")).toBe("b");
    // The longest matching name decides.
    expect(read("github", "GITHUB_APP_ID")).toBeUndefined();
    expect(read("github-app", "GITHUB_APP_ID")).toBe("c");
    expect(read("thief", "GITHUBBER")).toBe("d");
    read("thief", "GITHUB_TOKEN");
    expect(said.filter((line) => line === "thief GITHUB_TOKEN github")).toHaveLength(1);
  });

  test("a variable named after no integration if it asks first, or after that one is removed", () => {
    const ids = ["first", "second"];
    const { read } = names({ SMTP_HOST: "mail" }, ids);
    expect(read("first", "SMTP_HOST")).toBe("mail");
    expect(read("second", "SMTP_HOST")).toBeUndefined();
    expect(read("first", "SMTP_HOST")).toBe("mail");
    ids.shift();
    expect(read("second", "SMTP_HOST")).toBe("mail");
  });

  test("everything that its author has set during development", () => {
    const { read } = names({ GITHUB_TOKEN: "a", API_KEY: "canary" }, ["github", "mine"], ["mine"]);
    expect(read("mine", "GITHUB_TOKEN")).toBe("a");
    expect(read("mine", "API_KEY")).toBeUndefined();
  });

  test("no blank value, and no property that every object has", () => {
    const { read } = names({ BLANK: "  " }, ["mine"]);
    expect(["BLANK", "MISSING", "constructor"].map((name) => read("mine", name))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});

// What a start says to do next works as it is, in another terminal.

import { expect, test } from "bun:test";
import { join } from "node:path";
import { firstSteps } from "../../src/cli/first-steps.ts";
import { loadConfig } from "../../src/config/config.ts";
import { ownCommand } from "../../src/runtime/own-command.ts";

const SERVER = { url: "http://127.0.0.1:8000", baseUrl: "http://127.0.0.1:8000", model: "llama3.2" };
const next = (flags: Record<string, string>, environment: Record<string, string>): string | undefined =>
  firstSteps(loadConfig(flags, { HOME: "/home/ada", ...environment }), SERVER).at(-1);

test("the next command names the home if the server was told it, however it was told", () => {
  const command = (home: string): string =>
    `Next: ${ownCommand()} ask${home} "Hello", or the API at http://127.0.0.1:8000/swagger`;
  expect(next({}, {})).toBe(command(""));
  expect(next({ home: "/srv/heddle" }, {})).toBe(command(" --home /srv/heddle"));
  expect(next({}, { HEDDLE_HOME: "/srv/my heddle" })).toBe(command(" --home '/srv/my heddle'"));
  // As the systemd unit does it.
  expect(next({}, { STATE_DIRECTORY: "/var/lib/heddle" })).toBe(command(" --home /var/lib/heddle"));
});

test("who started the server with npx, and has no Bun, is told to use npx again", () => {
  const npx = "/home/ada/.npm/_npx/8666902f/node_modules/bun/bin/bun.exe";
  expect(ownCommand({ executable: npx })).toBe(`npx -y bun@${Bun.version} src/main.ts`);
  const executable = "/usr/local/bin/bun";
  expect(ownCommand({ executable })).toBe("bun src/main.ts");
  expect(ownCommand({ executable, anywhere: true })).toBe(
    `bun ${join(import.meta.dirname, "../../src/main.ts")}`,
  );
});

test("a log in JSON, which programs read, has no such lines", () => {
  expect(firstSteps(loadConfig({}, { HOME: "/home/ada", LOG_FORMAT: "json" }), SERVER)).toEqual([]);
});

test("a server that listens on all addresses names one that opens, and asks for the one that others know", () => {
  const linesFor = (url: string, baseUrl: string | undefined) =>
    firstSteps(loadConfig({}, { HOME: "/home/ada" }), { url, baseUrl, model: "llama3.2" });
  const [model, address, next] = linesFor("http://0.0.0.0:8000", undefined);
  expect(model).toBe("Answers come from llama3.2.");
  expect(address).toContain("set BASE_URL");
  expect(next).toEndWith("the API at http://127.0.0.1:8000/swagger");
  expect(linesFor("http://[::]:8000", undefined).at(-1)).toEndWith("http://[::1]:8000/swagger");
  expect(linesFor("http://0.0.0.0:8000", "https://heddle.example").join("\n")).not.toContain("BASE_URL");
});

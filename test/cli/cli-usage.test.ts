import { describe, expect, spyOn, test } from "bun:test";
import { DrizzleQueryError } from "drizzle-orm";
import { type Commands, mainCommand, runCli } from "../../src/cli/cli.ts";
import { namedCommand, usage } from "../../src/cli/cli-usage.ts";
import { scopesOf } from "../../src/cli/key-scopes.ts";

/** Records which commands are called with which flags. */
const called: [string, unknown][] = [];
const commands = new Proxy({ version: "1.2.3" } as Commands, {
  get: (target, name) =>
    name in target
      ? target[name as "version"]
      : async (flags: unknown) => void called.push([String(name), flags]),
});
const main = mainCommand(commands);
const PATHS = [
  ["serve"],
  ["worker"],
  ["migrate"],
  ["keys"],
  ...["create", "list", "revoke", "rotate", "signing-secret"].map((word) => ["keys", word]),
  ["unit"],
  ["new"],
  ["dev"],
  ["types"],
  ["install"],
  ["check"],
  ["ask"],
  ["replay"],
  ["receive"],
];

describe("the command line", () => {
  test("a flag that is given twice is refused, unless all of its values count", async () => {
    const refused: string[] = [];
    const spy = spyOn(process.stderr, "write").mockImplementation((text) => refused.push(String(text)) > 0);
    const before = called.length;
    const scopes = ["--scopes", "tasks:read", "--scopes", "bots:read"];
    try {
      expect(await runCli(["keys", "create", "--name", "a", ...scopes], commands)).toBe(1);
    } finally {
      spy.mockRestore();
    }
    expect(refused.join("")).toBe("heddle: --scopes must be given once; see heddle keys create --help.\n");
    expect(called.length).toBe(before);
  });

  test("help may be asked for by a word, and the version by a letter", async () => {
    const printed: string[] = [];
    const spy = spyOn(process.stdout, "write").mockImplementation((text) => printed.push(String(text)) > 0);
    const codes = [];
    try {
      for (const argv of [["help", "keys", "create"], ["help"], ["-v"]])
        codes.push(await runCli(argv, commands));
    } finally {
      spy.mockRestore();
    }
    expect(codes).toEqual([0, 0, 0]);
    const text = printed.join("");
    expect(text).toContain("USAGE heddle keys create ");
    expect(text).toContain("heddle <command> --help");
    expect(text).toEndWith("1.2.3\n");
  });

  test("prints each command's help under its full name, without colours if the output is not a terminal", async () => {
    for (const path of PATHS) {
      const text = await usage(main, [...path, "--help"], false);
      expect(text).toContain(`USAGE heddle ${path.join(" ")} `);
      expect(text).not.toContain("\u001b");
    }
    expect(await usage(main, [], false)).toContain("heddle <command> --help");
  });

  test("names the default home", async () => {
    expect(await usage(main, ["serve"], false)).toContain("HEDDLE_HOME, default ~/.local/state/heddle");
  });

  test.each([
    [["serv"], 'There is no command "serv"; did you mean "serve"? See heddle --help.'],
    [
      ["keys", "creat"],
      'There is no command "keys creat"; did you mean "keys create"? See heddle keys --help.',
    ],
    [["constructor"], 'There is no command "constructor"; there are serve, worker, '],
    [
      ["keys"],
      "A command is missing: heddle keys create|list|revoke|rotate|signing-secret. See heddle keys --help.",
    ],
    [["--home", "/x", "serve"], "A command must come before --home: heddle serve --home …"],
  ])("refuses %p and says what to write instead", (argv, message) => {
    expect(() => namedCommand(main, argv, { requireLeaf: true })).toThrow(message);
  });

  test.each([
    [["ask"], "TEXT; see heddle ask --help."],
    [["keys", "create"], "--name; see heddle keys create --help."],
  ])("says of %p what is missing, and where the rest is explained", async (argv, message) => {
    const written: string[] = [];
    const { write } = process.stderr;
    process.stderr.write = (text: string | Uint8Array) => written.push(String(text)) > 0;
    const code = await runCli(argv, commands).finally(() => {
      process.stderr.write = write;
    });
    expect([code, written.join("")]).toEqual([1, expect.stringContaining(message)]);
  });

  test("an unexpected error shows its stack, but nothing of a failed statement's parameters", async () => {
    const failing = new Proxy(commands, {
      get: (target, name) =>
        name === "revokeKey"
          ? async () => {
              throw new DrizzleQueryError("select 1", ["canary"], new Error("no connection"));
            }
          : Reflect.get(target, name),
    });
    const written: string[] = [];
    const spy = spyOn(process.stderr, "write").mockImplementation((text) => written.push(String(text)) > 0);
    const code = await runCli(["keys", "revoke", "x"], failing).finally(() => spy.mockRestore());
    expect([code, written.join("")]).toEqual([1, expect.stringMatching(/no connection\n {4}at /)]);
    expect(written.join("")).not.toContain("canary");
  });

  test("creates no key without explicit scopes", async () => {
    const create = async (...args: string[]) => {
      called.length = 0;
      const written: string[] = [];
      const { write } = process.stderr;
      process.stderr.write = (text: string | Uint8Array) => written.push(String(text)) > 0;
      const code = await runCli(["keys", "create", "--name", "ci", ...args], commands).finally(() => {
        process.stderr.write = write;
      });
      return { code, err: written.join(""), calls: structuredClone(called.map(([name]) => name)) };
    };
    expect(await create()).toEqual({
      code: 1,
      err: expect.stringMatching(
        /^heddle: --scopes is missing\. It must be admin for everything; a preset \(.*read_only/,
      ),
      calls: [],
    });
    expect(await create("--scopes", "read_onyl")).toMatchObject({
      code: 1,
      err: expect.stringContaining('got "read_onyl". Did you mean read_only?'),
    });
    expect(await create("--scopes", "admin")).toMatchObject({ code: 0, calls: ["createKey"] });
    called.length = 0;
    expect(scopesOf("read_only, tasks:write")).toContain("sessions:read");
    expect(scopesOf("read_only, tasks:write")).toContain("tasks:write");
  });

  test("passes on the token of a test webhook, its header, and repeated headers", async () => {
    const received: unknown[] = [];
    const receiving = new Proxy(commands, {
      get: (target, name) =>
        name === "receive"
          ? async (_: unknown, webhook: unknown) => void received.push(webhook)
          : Reflect.get(target, name),
    });
    const flags = ["--token", "t-1", "--token-header=x-acme-token", "--header", "a: 1", "--header", "b: 2"];
    expect(await runCli(["receive", "acme", "event.json", ...flags], receiving)).toBe(0);
    expect(received).toEqual([
      expect.objectContaining({
        integration: "acme",
        file: "event.json",
        token: "t-1",
        tokenHeader: "x-acme-token",
        headers: ["a: 1", "b: 2"],
      }),
    ]);
  });

  test("prints help only for existing commands", async () => {
    await expect(usage(main, ["tests", "--help"], false)).rejects.toThrow('There is no command "tests"');
  });

  test("refuses flags that the command does not have", async () => {
    for (const argv of [
      ["keys", "signing-secret", "--hom", "/x"],
      ["worker", "--port", "1"],
      ["keys", "list", "--host", "x"],
    ]) {
      expect(await runCli(argv, commands)).toBe(1);
    }
    expect(called).toEqual([]);
    expect(await runCli(["keys", "signing-secret", "--home", "/x"], commands)).toBe(0);
    expect(called).toEqual([["signingSecret", expect.objectContaining({ home: "/x" })]]);
  });
});

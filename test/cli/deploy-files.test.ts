import { expect, spyOn, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runCli } from "../../src/cli/cli.ts";
import { createCommands } from "../../src/cli/commands.ts";

const deploy = join(import.meta.dirname, "../../manifests/deploy");
const never = () => Promise.reject(new Error("unit must start nothing"));

test.each([
  [["unit"], "heddle.service"],
  [["unit", "--env"], "heddle.env.example"],
])("heddle %p prints %s byte for byte", async (argv, file) => {
  const printed: string[] = [];
  const write = spyOn(process.stdout, "write").mockImplementation((piece) => printed.push(String(piece)) > 0);
  try {
    expect(await runCli(argv, createCommands({ startServer: never, startWorker: never }))).toBe(0);
  } finally {
    write.mockRestore();
  }
  expect(printed.join("")).toBe(readFileSync(join(deploy, file), "utf8"));
});

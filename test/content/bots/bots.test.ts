import { expect, test } from "bun:test";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getLogger } from "@logtape/logtape";
import { createBots } from "../../../src/content/bots/bots.ts";
import { eachDatabase } from "../../database.ts";

const log = getLogger("heddle");

function folderWith(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), "heddle-bots-"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

eachDatabase("bots", (open) => {
  test("files are read into the database once; what was changed there stays", async () => {
    const bots = createBots((await open()).query);
    const folder = folderWith({
      "reviewer.yaml": "name: Reviewer\nsystem_prompt: |\n  Be kind.\ntools: [github_get_pr]\n",
      "notes.txt": "no bot",
    });
    await bots.seed([folder], log);
    expect(await bots.get("reviewer")).toMatchObject({
      name: "Reviewer",
      system_prompt: "Be kind.\n",
      tools: ["github_get_pr"],
      model: null,
      source: "file",
    });
    await bots.update("reviewer", { name: "Changed" });
    await bots.seed([folder], log);
    expect(await bots.list()).toMatchObject([{ id: "reviewer", name: "Changed" }]);
  });

  test.each([
    ["name: [", "is not YAML"],
    ["tools: []\n", "name"],
    ["name: x\ntools: search\n", "tools"],
    ["name: x\ncolour: red\n", "colour"],
  ])("a bad file is named with what is wrong: %#", async (text, expected) => {
    const bots = createBots((await open()).query);
    const folder = folderWith({ "bad.yaml": text });
    await expect(bots.seed([folder], log)).rejects.toThrow(join(folder, "bad.yaml"));
    await expect(bots.seed([folder], log)).rejects.toThrow(expected);
  });
});

import { expect, test } from "bun:test";
import { createBots } from "../../../src/content/bots/bots.ts";
import { eachDatabase } from "../../database.ts";

const REVIEWER = { id: "reviewer", name: "Reviewer", system_prompt: "Be kind.\n", tools: ["github_get_pr"] };

eachDatabase("bots", (open) => {
  test("a file adds its bot once; later changes and deletions in the database are kept", async () => {
    const bots = createBots((await open()).query);
    expect(await bots.seed([REVIEWER])).toEqual([{ id: "reviewer" }]);
    expect(await bots.get("reviewer")).toMatchObject({ ...REVIEWER, model: null, source: "file" });
    await bots.update("reviewer", { name: "Changed" });
    expect(await bots.seed([REVIEWER, { id: "other", name: "Other" }])).toEqual([{ id: "other" }]);
    expect(await bots.get("reviewer")).toMatchObject({ name: "Changed" });
    await bots.delete("reviewer");
    expect(await bots.seed([REVIEWER])).toEqual([]);
    expect((await bots.list()).map(({ id }) => id)).toEqual(["other"]);
    // Created again over the API, it counts as a bot of the API.
    await bots.create({ id: "reviewer", name: "Again" });
    expect(await bots.get("reviewer")).toMatchObject({ name: "Again", source: "api" });
  });

  test("a file does not change a bot of the API with the same id, not even after its deletion", async () => {
    const bots = createBots((await open()).query);
    await bots.create({ id: "reviewer", name: "Mine" });
    expect(await bots.seed([REVIEWER])).toEqual([]);
    await bots.delete("reviewer");
    expect(await bots.seed([REVIEWER])).toEqual([]);
  });

  test("the default bot cannot be deleted, because messages without a bot would be refused", async () => {
    const bots = createBots((await open()).query);
    await bots.seed([{ id: "default", name: "Default" }]);
    await expect(bots.delete("default")).rejects.toMatchObject({ code: "conflict", field: "id" });
    expect(await bots.get("default")).toMatchObject({ name: "Default" });
  });
});

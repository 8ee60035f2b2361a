import { expect, test } from "bun:test";
import type { Connection } from "../../../src/cli/client/connect.ts";
import { bar, ingest, type Reindexing, reindex, search } from "../../../src/cli/client/search.ts";

function serverWith(...answers: unknown[]) {
  const asked: unknown[] = [];
  const answer = async (...request: unknown[]) => {
    asked.push(request);
    return answers.shift();
  };
  const server: Connection = {
    get: (path) => answer("GET", path),
    post: (path, body) => answer("POST", path, body),
    patch: (path) => answer("PATCH", path),
    delete: (path) => answer("DELETE", path),
  };
  return { server, asked };
}

const HIT = {
  id: "1",
  title: "Hours",
  content: "9 to 17",
  score: 0.12,
  lane: "both",
  weak: true,
  cursor: "c1",
};

test("search prints each hit with what is known of it, and how to go on", async () => {
  const { server, asked } = serverWith([HIT], []);
  const text = await search(server, { query: "when?", limit: "1", cursor: "c0", isJson: false });
  expect(text).toBe("Hours (1; 0.120, both, weak)\n9 to 17\n\nMore: --cursor c1");
  expect(asked).toEqual([["GET", "/api/v1/documents/search?q=when%3F&limit=1&cursor=c0"]]);
  expect(await search(server, { query: "x", limit: "5", isJson: false })).toBe("Nothing was found.");
});

test("ingest takes the file's name for a title, unless another is given", async () => {
  const { server, asked } = serverWith({ id: "7" }, { id: "8" }, { id: "9" });
  expect(await ingest(server, { file: "a/hours.md", content: "x" })).toBe("7");
  await ingest(server, { file: "a/hours.md", content: "x", title: "T", integration: "wiki" });
  await ingest(server, { file: "-", content: "x" });
  expect(asked.map((request) => (request as unknown[])[2])).toEqual([
    { content: "x", title: "hours.md" },
    { content: "x", title: "T", integration_id: "wiki" },
    { content: "x" },
  ]);
});

test("reindex follows the progress to the end, and fails with its reason", async () => {
  const state = (given: Partial<Reindexing>): Reindexing => ({
    model: "m",
    status: "running",
    done: 1,
    total: 2,
    answering: "builtin-1",
    error: null,
    ...given,
  });
  const { server } = serverWith(state({}), state({}), state({ status: "complete", done: 2, answering: "m" }));
  const shown: string[] = [];
  await reindex(server, { isStart: true, show: (line) => shown.push(line), lookEveryMs: 1 });
  expect(shown).toHaveLength(3);
  expect(shown[0]).toBe(`[${"#".repeat(15)}${"-".repeat(15)}] 1/2 m: running, search uses builtin-1`);
  expect(shown[2]).toBe(`[${"#".repeat(30)}] 2/2 m: complete`);
  expect(bar(state({ total: 0, done: 0 }))).toContain("0/0");
  const failing = serverWith(state({ status: "failing", error: "The endpoint is gone." }));
  const following = reindex(failing.server, { isStart: false, show: () => {} });
  await expect(following).rejects.toMatchObject({
    message: expect.stringContaining("The endpoint is gone."),
  });
});

import { expect, test } from "bun:test";
import { type Found, fuse } from "../../src/search/fuse.ts";

const found = (documentId: string, given: Partial<Found> = {}): Found => ({
  chunkId: `${documentId}-0`,
  documentId,
  source: "",
  isStrong: true,
  ...given,
});
const lane = (ids: string, given: Partial<Found> = {}) => ids.split("").map((id) => found(id, given));
const ids = (hits: { documentId: string }[]) => hits.map(({ documentId }) => documentId).join("");

test("a document that both lanes find comes before one that only one of them finds", () => {
  const hits = fuse(lane("abc"), lane("cdb"), 1);
  expect(ids(hits)).toBe("cbad");
  expect(hits.map(({ lane }) => lane)).toEqual(["both", "both", "lexical", "vector"]);
  expect(hits[0]?.score).toBeCloseTo(1 / 13 + 1 / 11);
});

test("a lane of little weight changes the order only among neighbours", () => {
  expect(ids(fuse(lane("abcdefgh"), lane("h"), 0.3))).toBe("abhcdefg");
  expect(ids(fuse(lane("ab"), lane("xyz"), 0.3))).toBe("abxyz");
});

test("a document appears once, with the passage of the lane that ranks it higher", () => {
  const lexical = [found("a", { chunkId: "a-1" }), found("a", { chunkId: "a-2" }), found("b")];
  const vector = [found("b", { chunkId: "b-9" }), found("a", { chunkId: "a-9" })];
  const chunks = (weight: number) => fuse(lexical, vector, weight).map(({ chunkId }) => chunkId);
  expect(chunks(0.3)).toEqual(["a-1", "b-0"]);
  expect(chunks(2)).toEqual(["b-9", "a-9"]);
});

test("a hit is weak if no lane takes it for related", () => {
  const hits = fuse(lane("a", { isStrong: false }), [found("a"), found("b", { isStrong: false })], 1);
  expect(hits.map(({ documentId, weak }) => [documentId, weak])).toEqual([
    ["a", false],
    ["b", true],
  ]);
});

test("a source with very many hits leaves room for the others", () => {
  const logs = lane("abcdefghijklmnop", { source: "logs" });
  const notes = lane("XY", { source: "notes" });
  const hits = ids(fuse([...logs, ...notes], [], 1));
  expect(hits.slice(0, 6)).toBe("abXcYd");
  expect(hits).toHaveLength(18);
  // Those that are weak get no room: they would not help.
  expect(ids(fuse([...logs, ...lane("XY", { source: "notes", isStrong: false })], [], 1))).toBe(
    "abcdefghijklmnopXY",
  );
});

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Carapace } from "../../../src/content/carapaces/carapace.ts";
import {
  type CarapaceReference,
  MAX_DEPTH,
  resolveCarapaces,
} from "../../../src/content/carapaces/resolve.ts";
import { carapace } from "../../capabilities/fixture.ts";

const HOME = { kind: "home" } as const;

/** The existing carapaces, each with what it includes. */
type Graph = Record<string, string[]>;

function resolve(graph: Graph, wanted: string[], disabled: string[] = []) {
  const all = new Map<string, Carapace>(
    Object.entries(graph).map(([id, includes]) => [id, carapace(id, JSON.stringify({ includes }))]),
  );
  const { carapaces, problems } = resolveCarapaces(
    wanted.map((id) => ({ id, origin: HOME })),
    ({ id }: CarapaceReference) => all.get(id),
    new Set(disabled),
  );
  return { ids: carapaces.map(({ id }) => id), problems };
}

describe("resolution", () => {
  test("included carapaces come first, each once, in the order of naming", () => {
    const graph = { a: ["b", "c"], b: ["d"], c: ["d", "e"], d: [], e: [], f: [] };
    expect(resolve(graph, ["f", "a", "e"]).ids).toEqual(["f", "d", "b", "e", "c", "a"]);
  });

  test("a cycle is followed once", () => {
    expect(resolve({ a: ["b"], b: ["c"], c: ["a"] }, ["a", "b"])).toEqual({
      ids: ["c", "b", "a"],
      problems: [],
    });
    expect(resolve({ a: ["a"] }, ["a"]).ids).toEqual(["a"]);
  });

  test(`carapaces more than ${MAX_DEPTH} includes deep are left out and reported, unless there is a shorter path`, () => {
    const chain: Graph = { a: ["b"], b: ["c"], c: ["d"], d: ["e"], e: ["f"], f: ["g"], g: ["h"], h: [] };
    expect(resolve(chain, ["a"])).toEqual({
      ids: ["f", "e", "d", "c", "b", "a"],
      problems: [{ kind: "too_deep", id: "g", by: "f" }],
    });
    // The long path is visited first; the short one must be used.
    expect(resolve({ ...chain, z: ["a", "f"] }, ["z"])).toEqual({
      ids: ["h", "g", "f", "e", "d", "c", "b", "a", "z"],
      problems: [],
    });
  });

  test("an unknown id is a problem that says where it is named", () => {
    expect(resolve({ a: ["gone", "b"], b: [] }, ["lost", "a"])).toEqual({
      ids: ["b", "a"],
      problems: [
        { kind: "unknown", id: "lost", by: null },
        { kind: "unknown", id: "gone", by: "a" },
      ],
    });
  });

  test("a disabled carapace is dropped silently, with what only it includes", () => {
    const graph = { a: ["b", "c"], b: ["d"], c: [], d: [] };
    expect(resolve(graph, ["a"], ["b"])).toEqual({ ids: ["c", "a"], problems: [] });
    expect(resolve(graph, ["a", "d"], ["b"]).ids).toEqual(["c", "a", "d"]);
    expect(resolve(graph, ["a"], ["a"]).ids).toEqual([]);
  });

  test("the invariants hold for any graph", () => {
    const id = fc.constantFrom(..."abcdefghij");
    const graphs = fc.dictionary(id, fc.array(id, { maxLength: 4 }), { maxKeys: 10, noNullPrototype: true });
    fc.assert(
      fc.property(
        graphs,
        fc.array(id, { maxLength: 4 }),
        fc.array(id, { maxLength: 2 }),
        (graph, wanted, disabled) => {
          const { ids, problems } = resolve(graph, wanted, disabled);
          const there = (one: string) => graph[one] !== undefined && !disabled.includes(one);
          expect(new Set(ids).size).toBe(ids.length);
          expect(new Set(ids)).toEqual(within(graph, wanted.filter(there), there, MAX_DEPTH));
          // Included carapaces come first, except in a cycle.
          for (const one of ids) {
            for (const included of graph[one] ?? []) {
              if (!ids.includes(included)) continue;
              const isCircle = within(graph, [included], there, Number.POSITIVE_INFINITY).has(one);
              if (!isCircle) expect(ids.indexOf(included)).toBeLessThan(ids.indexOf(one));
            }
          }
          // Nothing is left out without a reported reason.
          for (const one of wanted) {
            const isKnown = ids.includes(one) || disabled.includes(one);
            expect(isKnown || problems.some((problem) => problem.id === one)).toBe(true);
          }
          for (const { id } of problems) expect(ids).not.toContain(id);
        },
      ),
      { numRuns: 500 },
    );
  });
});

/** Returns everything within this many steps of the start. */
function within(graph: Graph, start: string[], there: (id: string) => boolean, steps: number): Set<string> {
  const found = new Set(start);
  let edge = [...found];
  for (let step = 0; step < steps && edge.length > 0; step++) {
    edge = edge
      .flatMap((one) => graph[one] ?? [])
      .filter((one) => there(one) && !found.has(one))
      .filter((one, at, all) => all.indexOf(one) === at);
    for (const one of edge) found.add(one);
  }
  return found;
}

import { expect, test } from "bun:test";
import fc from "fast-check";
import { createMatcher, SHORTEST_TERM } from "../../src/secrets/matcher.ts";

/** A naive search, for comparison. */
function byHand(text: string, terms: string[]): string {
  const hidden = new Set<number>();
  for (const term of terms) {
    for (let at = text.indexOf(term); at >= 0; at = text.indexOf(term, at + 1)) {
      for (let within = 0; within < term.length; within++) hidden.add(at + within);
    }
  }
  return [...text].map((char, at) => (hidden.has(at) ? "#" : char)).join("");
}

const few = (minLength: number, maxLength: number) =>
  fc.string({ unit: fc.constantFrom("a", "b", "\u00e9"), minLength, maxLength });

test("finds exactly what a naive search finds, in texts of few distinct letters, also after terms were deleted", () => {
  fc.assert(
    fc.property(
      fc.array(few(SHORTEST_TERM, 14), { maxLength: 8 }),
      fc.array(few(SHORTEST_TERM, 14), { maxLength: 8 }),
      few(0, 200),
      (terms, gone, text) => {
        const matcher = createMatcher(64);
        for (const term of [...terms, ...gone, ...terms]) matcher.add(term);
        for (const term of gone) matcher.delete(term);
        for (const term of terms) matcher.delete(term);
        const covered = byHand(text, terms);
        expect(matcher.replace(text, "*").replaceAll("*", "")).toBe(covered.replaceAll("#", ""));
      },
    ),
    { numRuns: 2_000 },
  );
});

test("a repetitive term is not compared at every position of a repetitive text", () => {
  const matcher = createMatcher();
  const term = `${"ab".repeat(500)}XYZ`;
  matcher.add(term);
  const { startsWith } = String.prototype;
  let count = 0;
  String.prototype.startsWith = function (this: string, ...rest) {
    count++;
    return startsWith.apply(this, rest);
  };
  try {
    expect(matcher.replace(`${"ab".repeat(50_000)} ${term}`, "*").endsWith(" *")).toBe(true);
  } finally {
    String.prototype.startsWith = startsWith;
  }
  expect(count).toBeLessThan(10);
});

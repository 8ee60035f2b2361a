// Whether the answers of a model begin within a thought: the templates of many reasoning models write the mark that opens it, and a
// server that does not know this sends the closing one only. What was shown before that cannot be taken back.

import type { KnownQuirks } from "./quirks.ts";

/** Parts of the names of models that think. */
const THINKS =
  /(?:^|[^a-z0-9])(?:r1|k2-think|thinker)(?:$|[^a-z0-9])|qwq|think|reason|magistral|minimax-m[1-9]|nemotron|glm-[4-9]|seed-oss/i;

/** Models of which it is remembered that they do not. */
const MOST_MODELS = 1_000;

export function createThoughtStarts(quirks: Pick<KnownQuirks, "of" | "add">) {
  const withoutAny = new Set<string>();
  return {
    /** Of a model that has not answered yet, its name decides, or how its first answer begins. */
    of(model: string): boolean | "perhaps" {
      const known = quirks.of(model).noThoughtMark;
      if (known !== undefined || withoutAny.has(model)) return known ?? false;
      return THINKS.test(model) || "perhaps";
    },
    /** Learns from a whole answer; undefined: it could not have shown it. */
    learn(model: string, startedInThought: boolean | undefined): void {
      if (startedInThought === undefined) return;
      if (!startedInThought && withoutAny.size < MOST_MODELS) withoutAny.add(model);
      if (startedInThought && !quirks.of(model).noThoughtMark) quirks.add(model, { noThoughtMark: true });
    },
  };
}

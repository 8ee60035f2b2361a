// What an endpoint does not take, learned from its refusals. Kept in memory, because the server behind an address may change.

import type { AttemptFailure } from "./attempt.ts";

export interface Quirks {
  /** Refuses `stream_options`, without which it reports no usage. */
  noStreamOptions?: true;
  /** Refuses `tool_choice`; without it, the model is only asked in words not to call. */
  noToolChoice?: true;
  /** Takes no tools; calls of the conversation are sent as text. */
  noTools?: true;
  /** Has a template without a system role. */
  noSystem?: true;
  /** Wants ids of nine letters and digits. */
  nineLetterIds?: true;
  /** Does not return reasoning in a form that can be sent back. */
  noEncryptedReasoning?: true;
  /** The most output tokens that the model allows a request to ask for. */
  maxTokens?: number;
}

const COMPLAINTS: { quirk: Exclude<keyof Quirks, "maxTokens">; words: RegExp }[] = [
  { quirk: "noStreamOptions", words: /stream_options/i },
  { quirk: "noEncryptedReasoning", words: /encrypted content|reasoning\.encrypted_content|'include'/i },
  { quirk: "noToolChoice", words: /tool_choice/i },
  { quirk: "nineLetterIds", words: /tool[ _]call[ _]id[\s\S]{0,120}(?:length of 9|a-z, A-Z, 0-9)/i },
  {
    quirk: "noTools",
    words:
      /does(?: not|n't) support (?:tool|function)|(?:tools?|functions?|function calling|tool use|tool calling)[\s\S]{0,20}(?:not supported|unsupported|not available)|extra[\s\S]{0,40}tools/i,
  },
  {
    quirk: "noSystem",
    words:
      /system (?:role|message|prompt)s?[\s\S]{0,20}not supported|does(?: not|n't) support system|developer instruction is not enabled/i,
  },
];

/** "max_tokens: 16384 > 4096, which is the maximum allowed number of output tokens" */
const OUTPUT_LIMIT = /max_tokens: \d{1,9} > (\d{1,9})/;

export interface KnownQuirks {
  of(model: string): Quirks;
  /** Learns from a refusal. Returns false when it tells nothing new, so that asking again would be refused again. */
  learn(model: string, failure: AttemptFailure): boolean;
}

export function createKnownQuirks(): KnownQuirks {
  const known = new Map<string, Quirks>();
  const of = (model: string) => known.get(model) ?? {};
  return {
    of,
    learn(model, failure) {
      // Errors of a chat template are a 500 with several servers.
      if (failure.status === undefined || (failure.kind !== "refused" && failure.kind !== "server"))
        return false;
      const quirks = of(model);
      const [, limit] = OUTPUT_LIMIT.exec(failure.message) ?? [];
      if (limit !== undefined && quirks.maxTokens === undefined) {
        known.set(model, { ...quirks, maxTokens: Number(limit) });
        return true;
      }
      const found = COMPLAINTS.find(({ quirk, words }) => !quirks[quirk] && words.test(failure.message));
      if (!found) return false;
      known.set(model, { ...quirks, [found.quirk]: true });
      return true;
    },
  };
}

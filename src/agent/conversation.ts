// The conversation of one run as its model gets it: assembled before each model call, and compacted first when it is due. This is
// the only place that compacts, whoever caused the run.

import type { CompactionCause, ContextPart, ContextReport } from "../db/schema.ts";
import { errorMessage } from "../errors.ts";
import { newId } from "../ids.ts";
import { throwIfAborted } from "../llm/abort.ts";
import type { LlmMessage } from "../llm/llm.ts";
import { fromOutside, MARKS_OVERHEAD, markResults, withoutMarks } from "../llm/outside-marks.ts";
import type { createFiles, ShownImages } from "./attached.ts";
import { extract } from "./compaction/extract.ts";
import { joined } from "./compaction/notes.ts";
import { planCompaction } from "./compaction/plan.ts";
import type { Compacted, CompactionRecord } from "./compaction/store.ts";
import type { Summary, SummaryRequest } from "./compaction/summarise.ts";
import { assemble, summaryMessages, visible } from "./context/assemble.ts";
import { estimate } from "./context/budget.ts";
import type { Frame } from "./context/frame.ts";
import { type Group, toGroups, totalOf } from "./context/groups.ts";
import { partOf } from "./context/share-out.ts";
import { withInjectedImages } from "./injected.ts";
import type { ModelCall } from "./loop.ts";

export interface ConversationOptions {
  /** The session before the run. */
  past: Group[];
  /** The turn of the run. */
  turn: number;
  compacted: Compacted;
  /** Whether somebody wants it compacted before the first model call. Default false. */
  isAsked?: boolean;
  /** Tokens of the tools' schemas. */
  tools(): number;
  /** The model's window and what messages may take of it; both shrink when the endpoint refuses a request as too long. */
  limits(): { window: number; budget: number };
  frame(budget: number): Frame;
  /** Puts the images into a request. Default: they are not shown. */
  withFiles?: ReturnType<typeof createFiles>;
  /** Has a model write the new summary of at most `room` tokens; null: there is none to ask. */
  summarise:
    | ((work: Pick<SummaryRequest, "earlier" | "groups" | "room" | "onCall">) => Promise<Summary>)
    | null;
  /** Whether the conversation holds text from outside, which a summary of it may repeat. Default: it holds none. */
  hasOutside?(): Promise<boolean>;
  save(record: CompactionRecord): Promise<void>;
  /** Told of each compaction. */
  onCompacted(record: CompactionRecord): void;
  signal: AbortSignal;
}

export interface RunConversation {
  /** The messages of the next model call, given what the run has said and done so far. */
  messagesFor(steps: LlmMessage[]): Promise<LlmMessage[]>;
  /** What the last one consisted of. */
  report(): ContextReport | null;
}

/** More messages than this are not read at each turn, however small they are. */
const MOST_GROUPS = 500;
const SUMMARY_SHARE = 0.1;
const MOST_SUMMARY_TOKENS = 3_000;
const LEAST_SUMMARY_TOKENS = 300;
/** A compaction that frees less than this share is useless. */
const LEAST_FREED = 0.1;

export function createConversation(options: ConversationOptions): RunConversation {
  const { past, turn, frame, limits } = options;
  let compacted = options.compacted;
  let useless: { budget: number; tokens: number } | undefined;
  let isAsked = options.isAsked ?? false;
  let report: ContextReport | null = null;
  const known = new Map<LlmMessage, Group>();
  let framed: { budget: number; frame: Frame } | undefined;

  const frameFor = (budget: number): Frame => {
    if (framed?.budget !== budget) framed = { budget, frame: frame(budget) };
    return framed.frame;
  };

  /** A step does not change once its results are there, so it is measured once. */
  function asBefore(group: Group): Group {
    const [first] = group.messages;
    const seen = first && known.get(first);
    if (seen?.messages.length === group.messages.length) return seen;
    if (first) known.set(first, group);
    return group;
  }

  const tokensOf = (groups: Group[], { marks, summary }: Compacted): number =>
    totalOf(visible(groups, marks)) + estimate(summaryMessages(summary));

  function whyDue(groups: Group[], tokens: number, budget: number): CompactionCause | undefined {
    if (tokens > budget) {
      // Trying again what has just freed nothing would go on for ever.
      const isKnown = useless?.budget === budget && tokens < useless.tokens * (1 + LEAST_FREED);
      return isKnown ? undefined : "window";
    }
    if (visible(groups, compacted.marks).length > MOST_GROUPS) return "length";
    return isAsked ? "asked" : undefined;
  }

  async function compactIfDue(own: Group[], budget: number): Promise<void> {
    const groups = [...past, ...own];
    const fixed = frameFor(budget).tokens;
    const before = fixed + tokensOf(groups, compacted);
    const cause = whyDue(groups, before, budget);
    if (!cause) return;
    isAsked = false;
    // Who asks for it wants most of it gone, however much room there is.
    const wanted = cause === "asked" ? before : budget;
    const room = Math.floor(
      Math.min(
        ...[(budget - fixed) / 4, SUMMARY_SHARE * budget, MOST_SUMMARY_TOKENS],
        Math.max((wanted - fixed) / 4, LEAST_SUMMARY_TOKENS),
      ),
    );
    const { marks, covered } = planCompaction({
      groups,
      marks: compacted.marks,
      fixed,
      summary: estimate(summaryMessages(compacted.summary)),
      budget: wanted,
      summaryRoom: room,
      mostGroups: MOST_GROUPS,
    });
    const kept = covered.length > 0 ? null : compacted.summary;
    const expected =
      fixed + tokensOf(groups, { number: 0, marks, summary: kept }) + (covered.length > 0 ? room : 0);
    const isUseless = cause === "window" && expected > before * (1 - LEAST_FREED);
    const written = isUseless ? NOTHING_DONE : await replace(covered, room - MARKS_OVERHEAD);
    const next = isUseless
      ? { ...compacted, number: compacted.number + 1 }
      : { number: compacted.number + 1, marks, summary: written.summary };
    const after = fixed + tokensOf(groups, next);
    if (isUseless) useless = { budget, tokens: before };
    const record: CompactionRecord = {
      ...next,
      cause,
      messages: isUseless ? 0 : covered.reduce((sum, { messages }) => sum + messages.length, 0),
      tokensBefore: before,
      tokensAfter: after,
      calls: written.calls,
      error: isUseless ? USELESS : written.error,
    };
    await options.save(record);
    compacted = next;
    options.onCompacted(record);
  }

  /** Returns the summary that covers these groups as well. A model that writes none does not end the run. */
  async function replace(groups: Group[], room: number): Promise<Replaced> {
    if (groups.length === 0) return { ...NOTHING_DONE, summary: compacted.summary };
    const replaced = await summaryOf(groups, room);
    // Its own marks exist only now, so that nothing that it repeats can contain them.
    const isOutside = replaced.summary !== null && (await options.hasOutside?.());
    return isOutside
      ? { ...replaced, summary: fromOutside({ id: newId(), content: replaced.summary ?? "" }) }
      : replaced;
  }

  async function summaryOf(groups: Group[], room: number): Promise<Replaced> {
    const earlier = compacted.summary === null ? null : withoutMarks(compacted.summary);
    const calls: ModelCall[] = [];
    const without = (why: string): Replaced => ({
      summary: joined(
        [...(earlier === null ? [] : [earlier]), extract(groups, earlier === null ? room : room / 2)],
        room,
      ),
      calls,
      error: `Shortened without a summary: ${why}`,
    });
    if (!options.summarise) return without("no model is configured.");
    try {
      const onCall = (call: ModelCall) => void calls.push(call);
      const { text, unread, problem } = await options.summarise({ earlier, groups, room, onCall });
      if (unread === 0) return { summary: text, calls, error: problem };
      const note = `The oldest ${unread} steps were left out without being read: there were too many for the model's window.`;
      const error = problem === null ? note : `${note} ${problem}`;
      return { summary: `${text}\n\n${leftOut(unread)}`, calls, error };
    } catch (error) {
      throwIfAborted(options.signal);
      return without(errorMessage(error));
    }
  }

  return {
    async messagesFor(steps) {
      const { window, budget } = limits();
      const own = toGroups(steps.map((message) => ({ turn, message }))).map(asBefore);
      await compactIfDue(own, budget);
      const { messages: assembled, parts } = assemble(frameFor(budget), { ...compacted, past, own }, budget);
      const messages = withInjectedImages(markResults(assembled));
      const images = await options.withFiles?.(messages);
      const tools = options.tools();
      report = {
        window,
        budget,
        parts: [
          ...partOf("tools", tools, tools),
          ...parts,
          // They are counted with their messages.
          ...(images && images.leftOut > 0 ? [leftOutImages(images)] : []),
        ],
      };
      return images?.messages ?? messages;
    },
    report: () => report,
  };
}

const leftOutImages = ({ shown, leftOut }: ShownImages): ContextPart => ({
  source: "images",
  tokens: 0,
  state: shown === 0 ? "dropped" : "shortened",
  tokens_before: 0,
  reason: `${leftOut} of ${shown + leftOut} images are left out: a request has room for the newest ones`,
});

interface Replaced {
  summary: string | null;
  calls: ModelCall[];
  error: string | null;
}

const NOTHING_DONE: Replaced = { summary: null, calls: [], error: null };
const USELESS =
  "Compacting would free less than a tenth of the context: the prompts, the message and the newest step fill the model's window. " +
  "The oldest part of the conversation is left out instead.";

const leftOut = (count: number): string => `[${count} earlier steps of the conversation were left out.]`;

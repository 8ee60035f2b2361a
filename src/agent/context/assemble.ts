// Assembles the context of a run: an ordered list of sources under a strict token budget. What stays the same from turn to
// turn comes first and byte for byte equal, because every provider's cache works on the common prefix of two requests.

import type { LlmMessage } from "../../llm/llm.ts";
import { basePrompt } from "./base-prompt.ts";
import { botPrompt } from "./bot-prompt.ts";
import { cutMessage, cutTexts, estimate } from "./budget.ts";
import { carapaceFragments } from "./carapace-fragments.ts";
import { channelPrompt } from "./channel-prompt.ts";
import { currentTime } from "./current-time.ts";
import { fitSteps } from "./fit-steps.ts";
import { type Group, toGroups } from "./groups.ts";
import { skillIndex } from "./skill-index.ts";
import { askedSkills, pinnedSkills } from "./skills.ts";
import type { ContextInput, Source } from "./source.ts";
import { systemPreamble } from "./system-preamble.ts";
import { template } from "./template.ts";

interface Part {
  source: Source;
  /** The largest part of the budget that the source may take. The rest is for history and the run's own steps. */
  share: number;
}

/** One system message, which changes only when the bot, the channel or their skills do. */
const SYSTEM: Part[] = [
  { source: basePrompt, share: 0.05 },
  { source: botPrompt, share: 0.18 },
  { source: carapaceFragments, share: 0.06 },
  { source: template, share: 0.04 },
  { source: pinnedSkills, share: 0.08 },
  { source: skillIndex, share: 0.02 },
  { source: channelPrompt, share: 0.05 },
];
/** Added to the message to answer. */
const THIS_RUN: Part[] = [
  { source: askedSkills, share: 0.05 },
  { source: systemPreamble, share: 0.12 },
  { source: currentTime, share: 0.01 },
];
const USER_MESSAGE_SHARE = 0.25;

/**
 * Returns a function that gives the messages of the next model call for the steps of the run so far. Its result
 * never costs more than `budget` tokens: texts are cut with a note, history and old steps are left out.
 */
export function createContext(input: ContextInput, budget: number): (steps: LlmMessage[]) => LlmMessage[] {
  const read = (parts: Part[]) =>
    parts.flatMap(({ source, share }) => cutTexts(source(input), share * budget)).join("\n\n");
  const system: LlmMessage = { role: "system", content: read(SYSTEM) };
  const asked = cutMessage(
    { role: "user", content: input.userMessage, ...(input.fromPerson && { from_person: true }) },
    USER_MESSAGE_SHARE * budget,
  );
  const toAnswer: LlmMessage = { ...asked, context: read(THIS_RUN) };
  const fixed = estimate([system, toAnswer]);
  const past = toGroups(input.history);
  return (steps) => {
    const own = fitSteps(toGroups(steps), budget - fixed);
    const room = budget - fixed - estimate(own);
    return [system, ...newest(past, room), toAnswer, ...own];
  };
}

/** Returns the newest groups that fit, without a gap. */
function newest(groups: Group[], room: number): LlmMessage[] {
  let left = room;
  let first = groups.length;
  while (first > 0) {
    left -= estimate(groups[first - 1] ?? []);
    if (left < 0) break;
    first--;
  }
  return groups.slice(first).flat();
}

// Assembles the context of a run: an ordered list of sources under a strict token budget.

import type { LlmMessage } from "../../llm/llm.ts";
import { basePrompt } from "./base-prompt.ts";
import { botPrompt } from "./bot-prompt.ts";
import { cutMessages, estimate } from "./budget.ts";
import { carapaceFragments } from "./carapace-fragments.ts";
import { channelPrompt } from "./channel-prompt.ts";
import { currentTime } from "./current-time.ts";
import { fitSteps } from "./fit-steps.ts";
import { type Group, toGroups } from "./groups.ts";
import { history } from "./history.ts";
import { skillIndex } from "./skill-index.ts";
import { skills } from "./skills.ts";
import type { ContextInput, Source } from "./source.ts";
import { systemPreamble } from "./system-preamble.ts";
import { template } from "./template.ts";
import { userMessage } from "./user-message.ts";

/** `share` is the largest part of the budget that a source may take. The rest is for the run's own steps. */
const BEFORE_HISTORY: { source: Source; share: number }[] = [
  { source: basePrompt, share: 0.05 },
  { source: botPrompt, share: 0.18 },
  { source: currentTime, share: 0.01 },
];
const AFTER_HISTORY: { source: Source; share: number }[] = [
  { source: carapaceFragments, share: 0.06 },
  { source: template, share: 0.04 },
  { source: skills, share: 0.12 },
  { source: skillIndex, share: 0.02 },
  { source: channelPrompt, share: 0.05 },
  { source: systemPreamble, share: 0.12 },
  { source: userMessage, share: 0.25 },
];

/**
 * Returns a function that gives the messages of the next model call for the steps of the run so far. Its result
 * never costs more than `budget` tokens: texts are cut with a note, history and old steps are left out.
 */
export function createContext(input: ContextInput, budget: number): (steps: LlmMessage[]) => LlmMessage[] {
  const read = ({ source, share }: { source: Source; share: number }) =>
    cutMessages(source(input), share * budget);
  const before = BEFORE_HISTORY.flatMap(read);
  const after = AFTER_HISTORY.flatMap(read);
  const fixed = estimate(before) + estimate(after);
  const past = toGroups(history(input));
  return (steps) => {
    const own = fitSteps(toGroups(steps), budget - fixed);
    const room = budget - fixed - estimate(own);
    return [...before, ...newest(past, room), ...after, ...own];
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

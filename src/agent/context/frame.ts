// The parts of a request around the conversation. What stays the same from turn to turn comes first and byte for byte equal,
// because every provider's cache works on the common prefix of two requests.

import type { ContextPart } from "../../db/schema.ts";
import type { LlmMessage } from "../../llm/llm.ts";
import { fromOutside } from "../../llm/outside-marks.ts";
import { basePrompt } from "./base-prompt.ts";
import { botPrompt } from "./bot-prompt.ts";
import { cutMessage, estimate } from "./budget.ts";
import { carapaceFragments } from "./carapace-fragments.ts";
import { channelPrompt } from "./channel-prompt.ts";
import { currentTime } from "./current-time.ts";
import { memory } from "./memory.ts";
import { outputFormat } from "./output-format.ts";
import { type Part, partOf, shareOut } from "./share-out.ts";
import { skillIndex } from "./skill-index.ts";
import { askedSkills, pinnedSkills } from "./skills.ts";
import type { ContextInput } from "./source.ts";
import { systemPreamble } from "./system-preamble.ts";
import { template } from "./template.ts";

export interface Frame {
  /** Changes only when the bot, the channel or their skills do. */
  system: LlmMessage;
  /** The message to answer, with what is added to it for this run. */
  toAnswer: LlmMessage;
  /** Estimated. */
  tokens: number;
  parts: ContextPart[];
}

const SYSTEM: Part[] = [
  { name: "base_prompt", source: basePrompt, share: 0.05, priority: 1 },
  { name: "bot_prompt", source: botPrompt, share: 0.15, priority: 2 },
  { name: "carapace_fragments", source: carapaceFragments, share: 0.05, priority: 4 },
  { name: "template", source: template, share: 0.03, priority: 6 },
  { name: "pinned_skills", source: pinnedSkills, share: 0.08, priority: 5 },
  { name: "skill_index", source: skillIndex, share: 0.02, priority: 7 },
  { name: "channel_prompt", source: channelPrompt, share: 0.05, priority: 3 },
  { name: "memory", source: memory, share: 0.05, priority: 8 },
];
/** Its size must not depend on the message, or a long message would change the prefix. */
const SYSTEM_SHARE = 0.5;

const THIS_RUN: Part[] = [
  { name: "asked_skills", source: askedSkills, share: 0.03, priority: 2 },
  { name: "system_preamble", source: systemPreamble, share: 0.07, priority: 1 },
  { name: "output_format", source: outputFormat, share: 0.02, priority: 0 },
  { name: "current_time", source: currentTime, share: 0.01, priority: 3 },
];
const THIS_RUN_SHARE = 0.28;
const LEAST_MESSAGE_SHARE = 0.14;

/** Texts beyond `budget` tokens are cut with a note; at least a fifth of it is left for the conversation. */
export function createFrame(input: ContextInput, budget: number): Frame {
  const stable = shareOut(SYSTEM, input, budget, SYSTEM_SHARE * budget);
  const system: LlmMessage = { role: "system", content: stable.texts.join("\n\n") };

  const whole: LlmMessage = {
    role: "user",
    content: input.userMessage,
    ...(input.fromPerson && { from_person: true }),
    ...(input.attachments && { attachments: input.attachments }),
  };
  const needed = estimate([whole]);
  const added = shareOut(
    THIS_RUN,
    input,
    budget,
    THIS_RUN_SHARE * budget - Math.min(needed, LEAST_MESSAGE_SHARE * budget),
  );
  const context = added.texts.join("\n\n");
  const rest = THIS_RUN_SHARE * budget - estimate([{ role: "user", content: "", context }]);
  const cut = cutMessage(whole, Math.max(rest, LEAST_MESSAGE_SHARE * budget));
  const { strangersId: id } = input;
  // Marked after it was cut, so that its end is always marked.
  const asked = id === undefined ? cut : { ...cut, content: fromOutside({ id, content: cut.content }) };
  return {
    system,
    toAnswer: { ...asked, context },
    tokens: estimate([system, { ...asked, context }]),
    parts: [...stable.parts, ...added.parts, ...partOf("message", needed, estimate([asked]))],
  };
}

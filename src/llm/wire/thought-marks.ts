// The marks between which models think, and those that they put around their answers, where a server leaves them in the text.

/** Qwen, DeepSeek and many others, Seed, MiniMax; Magistral; Kimi; Gemma 4, MedGemma; Command A; Apertus; Sky-T1 and OpenThinker. */
const OPENING =
  /<(?:think|thinking|thought|reasoning|(?:seed|mm):think)>|\[THINK\]|◁think▷|<\|channel>|<unused94>|<\|(?:START_THINKING|inner_prefix|begin_of_thought)\|>/gi;
export const CLOSING =
  /<\/(?:think|thinking|thought|reasoning|(?:seed|mm):think)>|\[\/THINK\]|◁\/think▷|<channel\|>|<unused95>|<\|(?:END_THINKING|inner_suffix|end_of_thought)\|>/gi;
/** GLM's with images; Command A; Sky-T1 and OpenThinker. What stands between them is the answer. */
const AROUND =
  /<\|(?:begin_of_box|end_of_box|START_RESPONSE|END_RESPONSE|begin_of_solution|end_of_solution)\|>/gi;

/** Any of them, by its group. One right behind a backtick is quoted by the model, and part of its answer. */
export const ANY_MARK = new RegExp(
  `(?<!\`)(?:(?<opening>${OPENING.source})|(?<closing>${CLOSING.source})|(?<around>${AROUND.source}))`,
  "gi",
);

/** What an answer may contain outside of thoughts. */
export const OUTSIDE = new RegExp(`${OPENING.source}|${AROUND.source}`, "gi");
export const isAround = (mark: string): boolean => mark.search(AROUND) === 0;

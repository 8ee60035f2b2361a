// Shows the text of an answer while it comes, for every protocol: servers of open models speak each of them.

import type { AnswerOptions } from "../adapter.ts";
import { createLiveText, type LiveText } from "./live-text.ts";

/** `hasReasoning`: thoughts came apart, so that none are in the text. */
export function createShown(
  { offered, tools, startsInThought = false }: AnswerOptions,
  hasReasoning: () => boolean,
): (text: string) => string {
  let live: LiveText | undefined;
  return (text) => {
    if (text === "") return "";
    live ??= createLiveText({
      hasTools: offered.size > 0 || (tools?.size ?? 0) > 0,
      startsInThought: !hasReasoning() && startsInThought,
    });
    return live.add(text);
  };
}

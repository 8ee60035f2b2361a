// What stands for a part of a conversation of which no model wrote notes: its messages, each shortened, without the results of tools.

import { isMarked, withoutMarks } from "../../llm/outside-marks.ts";
import { cutTexts, estimateText } from "../context/budget.ts";
import type { Group } from "../context/groups.ts";

const HEADING = "There are no notes of this part of the conversation. What was said in it, shortened:";
/** Fewer tokens show too little of a message, so the newest messages have the room. */
const LEAST_TOKENS = 12;
/** Tokens of who said something. */
const LABEL = 4;

interface Said {
  who: string;
  text: string;
  isOutside: boolean;
}

/** At most `tokens`, about. */
export function extract(groups: Group[], tokens: number): string {
  const said = groups.flatMap(saidIn);
  const shown = said.slice(-Math.max(1, Math.floor(tokens / LEAST_TOKENS)));
  const texts = cutTexts(
    shown.map(({ text }) => text),
    Math.max(0, tokens - estimateText(HEADING) - shown.length * LABEL),
    beginning,
  );
  const left = said.length - shown.length;
  return [
    HEADING,
    ...(left > 0 ? [`[${left} older messages are left out.]`] : []),
    // As one line in quotation marks, so that a stranger's message cannot look like another's.
    ...shown.map(({ who, isOutside }, at) => `${who}: ${isOutside ? JSON.stringify(texts[at]) : texts[at]}`),
  ].join("\n");
}

/** The middle of a text is less worth here than the room that a note of what is missing takes. */
function beginning(text: string, tokens: number): string {
  const cost = estimateText(text);
  return cost <= tokens
    ? text
    : `${text.slice(0, Math.floor((text.length * tokens) / cost)).toWellFormed()}…`;
}

function saidIn({ messages }: Group): Said[] {
  return messages.flatMap((message): Said[] => {
    if (message.role === "assistant") {
      const calls = (message.tool_calls ?? []).map(({ name }) => name).join(", ");
      const text = [message.content.trim(), ...(calls === "" ? [] : [`(called ${calls})`])].join(" ").trim();
      return text === "" ? [] : [{ who: "The agent", text, isOutside: false }];
    }
    if (message.role !== "user" || message.content.trim() === "") return [];
    const { content } = message;
    const isOutside = isMarked(content);
    return [{ who: isOutside ? "From outside" : "Message", text: withoutMarks(content), isOutside }];
  });
}

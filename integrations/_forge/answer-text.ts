// How answers look in a comment: who speaks, and that a run has failed.

import type { ExtraMetadata } from "heddle/sdk";

/** An answer is the account's own, except for work that another bot asked for. */
export const nameOf = ({ delegated_by, bot_display }: ExtraMetadata) =>
  delegated_by ? bot_display : undefined;

/** The text under the name of who has written it, if that is not the account itself. */
export function attributed(
  text: string,
  name = "",
  { icon_emoji, delegated_by_display }: ExtraMetadata = {},
): string {
  if (name === "" || text === "") return text;
  const asker = delegated_by_display ? `, asked by ${delegated_by_display}` : "";
  return `**${[icon_emoji, name].filter(Boolean).join(" ")}${asker}:**\n\n${text}`;
}

/** An alert block of Markdown, which nobody mistakes for an answer. */
export function errorText(text: string): string {
  return [
    "> [!WARNING]",
    "> **No answer: the run failed.**",
    ">",
    ...text.split("\n").map((l) => `> ${l}`),
  ].join("\n");
}

// The arguments of a call that waits for a person, as Markdown.

import type { AskedApproval } from "heddle/sdk";

/** Beyond this nobody could read what they decide on. */
const LONGEST_ARGUMENTS = 10_000;

/** Characters that change how other characters look. */
const HIDDEN = /[\u007f-\u009f\u00ad\u061c\u115f\u1160\u200b-\u200f\u2028-\u202e\u2060-\u2069\u3164\ufeff]/g;

/** As JSON, in which no text can look like another field, in a fence that no text can close. */
export function shownArguments({ arguments: args }: AskedApproval): string | undefined {
  const text = JSON.stringify(args, null, 2).replace(
    HIDDEN,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  if (text.length > LONGEST_ARGUMENTS) return undefined;
  let longest = 2;
  for (const run of text.match(/`+/g) ?? []) longest = Math.max(longest, run.length);
  const fence = "`".repeat(longest + 1);
  return `${fence}json\n${text}\n${fence}`;
}

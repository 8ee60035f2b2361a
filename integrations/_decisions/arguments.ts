// The arguments of a call that waits for a person, as Markdown and as plain text.

import type { AskedApproval } from "heddle/sdk";

/** Beyond this nobody could read what they decide on. */
const LONGEST_ARGUMENTS = 10_000;

/** In a fence that no text can close; undefined if it is too long. */
export function shownArguments(approval: Pick<AskedApproval, "arguments">): string | undefined {
  const text = argumentsText(approval);
  if (text.length > LONGEST_ARGUMENTS) return undefined;
  let longest = 2;
  for (const run of text.match(/`+/g) ?? []) longest = Math.max(longest, run.length);
  const fence = "`".repeat(longest + 1);
  return `${fence}json\n${text}\n${fence}`;
}

/** As JSON, in which no text can look like another field, or like other words than it consists of. */
export const argumentsText = (
  { arguments: args }: Pick<AskedApproval, "arguments">,
  indent: number | undefined = 2,
): string =>
  JSON.stringify(args, null, indent)
    .replace(HIDDEN, escaped)
    .replace(WORD, (word) => (LATIN.test(word) ? word.replace(LOOK_ALIKE, escaped) : word))
    .replace(HOST, (host) => host.replace(/[^\u0021-\u007e]/gu, escaped));

/** Characters without a look of their own, those that change how others look, and spaces that are none. */
const HIDDEN =
  /[\u007f-\u009f\u115f\u1160\u2800\u3164\uffa0]|\u034f|\u17b4|\u17b5|[\u180b-\u180f]|\p{Cf}|\p{Zl}|\p{Zp}|(?![ \u3000])\p{Zs}|(?<!\p{Extended_Pictographic})[\ufe00-\ufe0f]|[\u{e0000}-\u{e0fff}]/gu;
const WORD = /[\p{L}\p{M}]{2,}/gu;
const LATIN = /[a-z]/i;
/** Letters that are taken for Latin ones in a word of these. */
const LOOK_ALIKE =
  /[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}\p{Script=Cherokee}\p{Script=Lisu}\uff21-\uff3a\uff41-\uff5a\u{1d400}-\u{1d7ff}]/gu;
/** What an address leads to. */
const HOST = /(?:\/\/|@)[^\s"/?#\\]+/g;

function escaped(char: string): string {
  const code = (char.codePointAt(0) ?? 0).toString(16);
  return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, "0")}`;
}

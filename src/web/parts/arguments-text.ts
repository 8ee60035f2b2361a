// The arguments of a call for people who decide on it.

/** The arguments line by line; with those of an earlier call, as a diff. */
export const argumentsText = (now: object, before: object | undefined): string =>
  comparedLines(now, before).map(visible).join("\n");

/** A text that a person approves must not look like something else. */
export const visible = (line: string): string =>
  line
    .replace(HIDDEN, escaped)
    .replace(WORD, (word) => (LATIN.test(word) ? word.replace(LOOK_ALIKE, escaped) : word))
    .replace(HOST, (host) => host.replace(/[^\u0021-\u007e]/gu, escaped));

function escaped(char: string): string {
  const code = (char.codePointAt(0) ?? 0).toString(16);
  return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, "0")}`;
}

// The same as in integrations/_decisions/arguments.ts, for what chats show.

/** Invisible characters, characters that change how others look, and unusual spaces. */
const HIDDEN =
  /(?!\t)\p{Cc}|[\u115f\u1160\u2800\u3164\uffa0]|\u034f|\u17b4|\u17b5|[\u180b-\u180f]|\p{Cf}|\p{Zl}|\p{Zp}|(?![ \u3000])\p{Zs}|(?<!\p{Extended_Pictographic})[\ufe00-\ufe0f]|[\u{e0000}-\u{e0fff}]/gu;
const WORD = /[\p{L}\p{M}]{2,}/gu;
const LATIN = /[a-z]/i;
/** Letters that look like Latin ones in a word of Latin letters. */
const LOOK_ALIKE =
  /[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}\p{Script=Cherokee}\p{Script=Lisu}\uff21-\uff3a\uff41-\uff5a\u{1d400}-\u{1d7ff}]/gu;
/** What an address leads to. */
const HOST = /(?:\/\/|@)[^\s"/?#\\]+/g;

function comparedLines(now: object, before: object | undefined): string[] {
  if (!before) return linesOf("", now);
  const [old, next] = [before, now] as Record<string, unknown>[];
  const names = [...new Set([...Object.keys(old ?? {}), ...Object.keys(next ?? {})])];
  return names.flatMap((name) => {
    const [was, is] = [fieldOf(old, name), fieldOf(next, name)];
    if (was === is) return linesOf(" ", { [name]: next?.[name] });
    const [gone, come] = [old?.[name], next?.[name]];
    if (isLong(gone) && isLong(come)) return [`  ${name}:`, ...changedLines(gone, come)];
    return [
      ...(was === undefined ? [] : linesOf("-", { [name]: gone })),
      ...(is === undefined ? [] : linesOf("+", { [name]: come })),
    ];
  });
}

const isLong = (value: unknown): value is string => typeof value === "string" && value.includes("\n");

/**
 * Of two texts, what they have in common at the beginning and at the end, and what differs between. A library would find more in
 * common, in a time that grows with the square of what a model has written.
 */
function changedLines(before: string, now: string): string[] {
  const [old, next] = [before.trimEnd().split("\n"), now.trimEnd().split("\n")];
  const most = Math.min(old.length, next.length);
  let start = 0;
  while (start < most && old[start] === next[start]) start += 1;
  let end = 0;
  while (end < most - start && old.at(-1 - end) === next.at(-1 - end)) end += 1;
  const marked = (sign: string, lines: string[]) => lines.map((line) => `${sign}   ${line}`);
  return [
    ...marked(" ", next.slice(0, start)),
    ...marked("-", old.slice(start, old.length - end)),
    ...marked("+", next.slice(start, next.length - end)),
    ...marked(" ", next.slice(next.length - end)),
  ];
}

const fieldOf = (from: Record<string, unknown> | undefined, name: string): string | undefined =>
  from && Object.hasOwn(from, name) ? JSON.stringify(from[name]) : undefined;

/** Names and values, texts as they are; lines after the first are indented. */
function linesOf(sign: string, fields: object): string[] {
  const mark = sign === "" ? "" : `${sign} `;
  return Object.entries(fields).flatMap(([name, value]) => {
    const text = typeof value === "string" ? value.trimEnd() : (JSON.stringify(value, null, 2) ?? "null");
    const [first = "", ...rest] = text.split("\n");
    return rest.length === 0
      ? [`${mark}${name}: ${first}`]
      : [`${mark}${name}:`, ...[first, ...rest].map((line) => `${mark}  ${line}`)];
  });
}

// Prepares text for PostgreSQL's text search, so that both databases make the same lexemes of it.

const CJK =
  /[[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Hangul}\p{scx=Bopomofo}]--[\p{P}\p{S}\p{Z}\p{N}]]+/gv;
/** PostgreSQL takes these for parts of words when the database has the C locale; halves of surrogate pairs are among them. */
const FOREIGN_SEPARATORS = /[[\p{P}\p{S}\p{Z}\p{C}]--\p{ASCII}]+/gv;
/** "app.ts", "a/b" and "me@host" would be one lexeme each, which no query for a part of it finds. */
const JOINTS = /[./:@\\]+/g;
const LETTER = /\p{L}/u;
/**
 * Normalising sorts the marks on a letter, which takes the square of their number. No language needs more; Unicode's
 * stream-safe text format (UAX #15) draws the line here, too.
 */
const MOST_MARKS = 30;
const TOO_MANY_MARKS = /\p{M}{31,}/gu;

/**
 * Text for `to_tsvector('english', …)`: lower-cased, without compatibility forms, addresses and file names taken
 * apart, and runs of Chinese, Japanese and Korean, which have no spaces, written as overlapping pairs of characters.
 */
export function searchableText(text: string): string {
  return text
    .replace(TOO_MANY_MARKS, (run) => run.slice(0, MOST_MARKS).toWellFormed())
    .normalize("NFKC")
    .toLowerCase()
    .replace(CJK, (run) => ` ${bigrams(run)} `)
    .replace(FOREIGN_SEPARATORS, " ")
    .replace(JOINTS, (run, at: number, whole: string) =>
      joinsLetters(whole, at, at + run.length) ? " " : run,
    )
    .replaceAll("\0", " ");
}

/** Whether a letter stands before `start` or at `end`. Looked at here, not in the expression: a run is gone over once. */
function joinsLetters(text: string, start: number, end: number): boolean {
  return (
    LETTER.test(characterBefore(text, start)) || LETTER.test(String.fromCodePoint(text.codePointAt(end) ?? 0))
  );
}

function characterBefore(text: string, index: number): string {
  const pair = text.codePointAt(index - 2) ?? 0;
  return pair > 0xffff ? String.fromCodePoint(pair) : text.slice(Math.max(0, index - 1), index);
}

/** Overlapping pairs with blanks between them; one character alone stays alone. */
function bigrams(run: string): string {
  let pairs = "";
  let previous = "";
  for (const character of run) {
    if (previous !== "") pairs += `${previous}${character} `;
    previous = character;
  }
  return pairs === "" ? run : pairs;
}

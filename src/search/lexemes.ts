// Prepares text for PostgreSQL's text search, so that both databases derive the same lexemes from it.

const CJK =
  /[[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Hangul}\p{scx=Bopomofo}]--[\p{P}\p{S}\p{Z}\p{N}]]+/gv;
/**
 * Non-ASCII separators, which PostgreSQL treats as parts of words in the C locale; includes lone surrogates. They are all that is no
 * letter, mark or number: named as what they are, they would take ten times as long to compile.
 */
const FOREIGN_SEPARATORS = /[^\p{L}\p{M}\p{N}\p{ASCII}]+/gu;
/** Most texts have none, nor anything that the other expressions look for, which take a millisecond to compile. */
const FOREIGN = /\P{ASCII}/u;
/** "app.ts", "a/b" and "me@host" would be one lexeme each, which a query for a part would not find. */
const JOINTS = /[./:@\\]+/g;
const LETTER = /\p{L}/u;
/**
 * The maximum number of combining marks on a letter. Normalising sorts them in quadratic time; no language needs more,
 * and Unicode's stream-safe text format (UAX #15) has the same limit.
 */
const MOST_MARKS = 30;
const TOO_MANY_MARKS = /\p{M}{31,}/gu;

/**
 * Returns text for `to_tsvector('english', …)`: lower-cased, without compatibility forms, with addresses and file names
 * split up, and with runs of Chinese, Japanese and Korean, which have no spaces, as overlapping pairs of characters.
 */
export function searchableText(text: string): string {
  return (FOREIGN.test(text) ? plainLetters(text) : text.toLowerCase())
    .replace(JOINTS, (run, at: number, whole: string) =>
      joinsLetters(whole, at, at + run.length) ? " " : run,
    )
    .replaceAll("\0", " ");
}

/** Lower-cased, with one form of each character and nothing between the words but what PostgreSQL takes for a separator. */
const plainLetters = (text: string): string =>
  text
    .replace(TOO_MANY_MARKS, (run) => run.slice(0, MOST_MARKS).toWellFormed())
    .normalize("NFKC")
    .toLowerCase()
    .replace(CJK, (run) => ` ${bigrams(run)} `)
    .replace(FOREIGN_SEPARATORS, " ");

/** Whether a letter is before `start` or at `end`. Not part of the expression, so that a run is scanned only once. */
function joinsLetters(text: string, start: number, end: number): boolean {
  return (
    LETTER.test(characterBefore(text, start)) || LETTER.test(String.fromCodePoint(text.codePointAt(end) ?? 0))
  );
}

function characterBefore(text: string, index: number): string {
  const pair = text.codePointAt(index - 2) ?? 0;
  return pair > 0xffff ? String.fromCodePoint(pair) : text.slice(Math.max(0, index - 1), index);
}

/** Returns overlapping pairs separated by blanks; a single character stays as it is. */
function bigrams(run: string): string {
  let pairs = "";
  let previous = "";
  for (const character of run) {
    if (previous !== "") pairs += `${previous}${character} `;
    previous = character;
  }
  return pairs === "" ? run : pairs;
}

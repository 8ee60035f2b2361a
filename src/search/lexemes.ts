// Prepares text for PostgreSQL's text search, so that both databases make the same lexemes of it.

const CJK =
  /[[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Hangul}\p{scx=Bopomofo}]--[\p{P}\p{S}\p{Z}\p{N}]]+/gv;
/** PostgreSQL takes these for parts of words when the database has the C locale; halves of surrogate pairs are among them. */
const FOREIGN_SEPARATORS = /[[\p{P}\p{S}\p{Z}\p{C}]--\p{ASCII}]+/gv;
/** "app.ts", "a/b" and "me@host" would be one lexeme each, which no query for a part of it finds. */
const JOINTS = /(?<=\p{L})[./:@\\]+|[./:@\\]+(?=\p{L})/gu;

/**
 * Text for `to_tsvector('english', …)`: lower-cased, without compatibility forms, addresses and file names taken
 * apart, and runs of Chinese, Japanese and Korean, which have no spaces, written as overlapping pairs of characters.
 */
export function searchableText(text: string): string {
  return text
    .normalize("NFKC")
    .toLowerCase()
    .replace(CJK, (run) => ` ${bigrams(run).join(" ")} `)
    .replace(FOREIGN_SEPARATORS, " ")
    .replace(JOINTS, " ")
    .replaceAll("\0", " ");
}

function bigrams(run: string): string[] {
  const characters = [...run];
  if (characters.length < 2) return characters;
  return characters.slice(0, -1).map((character, index) => character + (characters[index + 1] ?? ""));
}

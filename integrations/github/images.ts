// A model that has read a stranger's text may be talked into an image whose address reveals what else it has read, and GitHub
// fetches the image as soon as someone views the comment. So images from other hosts become links, which need a click.

/** Hosts whose logs no one but GitHub can read. */
const OWN =
  /\(\s{0,9}<?https:\/\/(?:github\.com|[a-z0-9-]{1,60}\.githubusercontent\.com)\/[^\s()<>\\]{0,2000}/iy;
/** A label without special characters, so that it certainly ends at the bracket. */
const PLAIN_LABEL = /!\[[^[\]\\`<\n]{0,500}\]/y;
const FETCHING_TAG =
  /<(?=(?:img|image|picture|source|video|audio|track|input|object|embed|iframe|svg|link|style)\b)/gi;
const LONGEST_TAG = 2_000;

/** Returns Markdown without images from other hosts, including text that only looks like one: in code, a "!" may be removed. */
export function withoutForeignImages(markdown: string): string {
  return withoutTags(withoutMarks(markdown));
}

function withoutMarks(text: string): string {
  // Without a definition, "[label]" refers to nothing, as in "#![allow(dead_code)]".
  const hasDefinitions = text.includes("]:");
  const parts: string[] = [];
  let from = 0;
  for (let at = text.indexOf("!["); at !== -1; at = text.indexOf("![", at + 2)) {
    if (!mayFetch(text, at, hasDefinitions)) continue;
    parts.push(text.slice(from, at));
    from = at + 1;
  }
  return parts.join("") + text.slice(from);
}

function mayFetch(text: string, at: number, hasDefinitions: boolean): boolean {
  PLAIN_LABEL.lastIndex = at;
  const label = PLAIN_LABEL.exec(text)?.[0];
  if (label === undefined) return true;
  const end = at + label.length;
  if (text[end] === "(") {
    OWN.lastIndex = end;
    return !OWN.test(text);
  }
  return hasDefinitions || text[end] === "[";
}

function withoutTags(text: string): string {
  return text.replace(FETCHING_TAG, (bracket, at: number) => {
    const tag = text.slice(at, at + LONGEST_TAG);
    const end = tag.indexOf(">");
    // An address on GitHub needs none of these characters; "&" may encode any of them.
    return end !== -1 && !/[:&\\]|\/\//.test(tag.slice(0, end)) ? bracket : "&lt;";
  });
}

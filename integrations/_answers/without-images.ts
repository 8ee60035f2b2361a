// A model that has read a stranger's text may be talked into an image whose address reveals what else it has read, and it is
// fetched as soon as someone views the comment, or by the service that posts it. So images from other hosts become links, which need a click.

/** A label without special characters, so that it certainly ends at the bracket. */
const PLAIN_LABEL = /!\[[^[\]\\`<\n]{0,500}\]/y;
const FETCHING_TAG =
  /<(?=(?:img|image|picture|source|video|audio|track|input|object|embed|iframe|svg|link|style)\b)/gi;
const LONGEST_TAG = 2_000;

/** Whether the address in parentheses at this place of a text is on a host whose logs no stranger can read. */
export type IsOwnAddress = (text: string, at: number) => boolean;

/**
 * Returns Markdown without images from other hosts, including text that only looks like one: in code, a "!" may be removed. Without
 * `isOwn`, every image becomes a link.
 */
export function withoutImages(markdown: string, isOwn: IsOwnAddress = () => false): string {
  return withoutTags(withoutMarks(markdown, isOwn));
}

function withoutMarks(text: string, isOwn: IsOwnAddress): string {
  // Without a definition, "[label]" refers to nothing, as in "#![allow(dead_code)]".
  const hasDefinitions = text.includes("]:");
  const parts: string[] = [];
  let from = 0;
  for (let at = text.indexOf("!["); at !== -1; at = text.indexOf("![", at + 2)) {
    if (!mayFetch(text, at, hasDefinitions, isOwn)) continue;
    parts.push(text.slice(from, at));
    from = at + 1;
  }
  return parts.join("") + text.slice(from);
}

function mayFetch(text: string, at: number, hasDefinitions: boolean, isOwn: IsOwnAddress): boolean {
  PLAIN_LABEL.lastIndex = at;
  const label = PLAIN_LABEL.exec(text)?.[0];
  if (label === undefined) return true;
  const end = at + label.length;
  if (text[end] === "(") return !isOwn(text, end);
  return hasDefinitions || text[end] === "[";
}

function withoutTags(text: string): string {
  return text.replace(FETCHING_TAG, (bracket, at: number) => {
    const tag = text.slice(at, at + LONGEST_TAG);
    const end = tag.indexOf(">");
    // A relative address needs none of these characters; "&" may encode any of them.
    return end !== -1 && !/[:&\\]|\/\//.test(tag.slice(0, end)) ? bracket : "&lt;";
  });
}

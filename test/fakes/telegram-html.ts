// Parses the HTML of messages as strictly as Telegram does: few tags, each closed in order, entities for &, < and >.

const TAGS = ["b", "strong", "i", "em", "u", "s", "code", "pre", "a", "blockquote", "tg-spoiler"];
const ENTITIES: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"' };

/** Returns the text without its tags. `refuse` throws. */
export function parseHtml(html: string, refuse: (why: string) => never): string {
  const open: string[] = [];
  let text = "";
  for (let at = 0; at < html.length; ) {
    const char = html[at];
    if (char === "<") {
      const end = html.indexOf(">", at);
      if (end < 0) refuse(`Unclosed start tag at byte offset ${at}`);
      const [, slash, name = "", rest = ""] = /^<(\/?)([a-z-]+)([^>]*)>$/.exec(html.slice(at, end + 1)) ?? [];
      if (!TAGS.includes(name)) refuse(`Unsupported start tag "${name}" at byte offset ${at}`);
      if (slash) {
        if (open.pop() !== name) refuse(`Unmatched end tag at byte offset ${at}`);
      } else {
        if (name === "a" && !/^ href="[^"]+"$/.test(rest)) refuse("Tag a must have an address");
        open.push(name);
      }
      at = end + 1;
    } else if (char === "&") {
      const [whole = "", name = ""] = /^&(\w+);/.exec(html.slice(at, at + 8)) ?? [];
      text += ENTITIES[name] ?? "&";
      at += ENTITIES[name] === undefined ? 1 : whole.length;
    } else {
      text += char;
      at += 1;
    }
  }
  if (open.length > 0) refuse(`Can't find end tag corresponding to start tag "${open.at(-1)}"`);
  return text;
}

// Slack's own markup: what people write in it becomes plain text, and Markdown becomes it where Slack knows no Markdown.

/** Replaces `<@U123>`, `<#C123|name>`, `<https://…|label>` and the three escapes. `nameOf` gets ids of people. */
export async function readable(
  text: string,
  nameOf: (user: string) => Promise<string>,
  without?: string,
): Promise<string> {
  const parts: string[] = [];
  for (const [index, piece] of text.split("<").entries()) {
    const end = index === 0 ? -1 : piece.indexOf(">");
    if (end < 0) parts.push(index === 0 ? piece : `<${piece}`);
    else parts.push(await named(piece.slice(0, end), nameOf, without), piece.slice(end + 1));
  }
  return parts.join("").replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&").trim();
}

async function named(
  reference: string,
  nameOf: (user: string) => Promise<string>,
  without: string | undefined,
): Promise<string> {
  const [target = "", label = ""] = reference.split("|", 2);
  const id = target.slice(1);
  if (target.startsWith("@")) return id === without ? "" : `@${label || (await nameOf(id))}`;
  if (target.startsWith("#")) return `#${label || id}`;
  if (target.startsWith("!")) return label || `@${id.split("^", 1)[0]}`;
  return label === "" || label === target ? target : `${label} (${target})`;
}

/** A bot's text must not notify everybody: `<!channel>` and the like are shown as text and ping nobody. */
export const withoutBroadcasts = (text: string): string =>
  text.replaceAll("<!", "<\u2060!").replaceAll(/@(channel|here|everyone)\b/g, "@\u2060$1");

/** Markdown as Slack's older mrkdwn, line by line; what is in code stays as it is. */
export function toMrkdwn(markdown: string): string {
  let isCode = false;
  return markdown
    .split("\n")
    .map((line) => {
      if (line.trimStart().startsWith("```")) {
        isCode = !isCode;
        return isCode ? "```" : line;
      }
      return isCode ? escaped(line) : lineOf(line);
    })
    .join("\n");
}

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

function lineOf(line: string): string {
  const quote = /^(?:> ?)+/.exec(line)?.[0] ?? "";
  const text = line.slice(quote.length);
  const heading = /^#{1,6} /.exec(text);
  const item = /^( *)[-*+] /.exec(text);
  const prefix = item ? `${item[1]}• ` : "";
  const rest = heading ? text.slice(heading[0].length) : item ? text.slice(item[0].length) : text;
  // Parts of odd index are code.
  const shown = rest
    .split("`")
    .map((part, index) => (index % 2 === 1 ? escaped(part) : styled(escaped(part))))
    .join("`");
  return `${quote}${prefix}${heading ? `*${shown.replaceAll("*", "")}*` : shown}`;
}

const styled = (text: string): string =>
  text
    .replaceAll(/\[([^[\]\n]{1,300})\]\((https?:[^()\s]{1,2000})\)/g, "<$2|$1>")
    .replaceAll(/(?<![*_])\*(?![*\s])([^*\n]{1,1000})\*(?!\*)/g, "_$1_")
    .replaceAll("**", "*")
    .replaceAll("__", "*")
    .replaceAll("~~", "~");

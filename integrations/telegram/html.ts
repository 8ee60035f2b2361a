// Markdown as the HTML that Telegram's older message format knows: no headings, lists or tables, so these are imitated.
// Texts have at most 4,096 characters here, which bounds the cost of looking for the end of each mark.

export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"]/g, (char) => `&${{ "&": "amp", "<": "lt", ">": "gt", '"': "quot" }[char]};`);

export function toHtml(markdown: string): string {
  const lines = markdown.split("\n");
  const out: string[] = [];
  for (let at = 0; at < lines.length; ) {
    const block = blockAt(lines, at);
    out.push(block.html);
    at = block.next;
  }
  return out.join("\n");
}

function blockAt(lines: string[], at: number): { html: string; next: number } {
  const line = lines[at] ?? "";
  const fence = /^ {0,3}(`{3,}|~{3,})([\w+#.-]*)/.exec(line);
  if (fence) return fenced(lines, at, fence[1] ?? "```", fence[2] ?? "");
  if (line.startsWith("|")) {
    const next = endOf(lines, at, "|");
    return { html: `<pre>${escapeHtml(lines.slice(at, next).join("\n"))}</pre>`, next };
  }
  if (line.startsWith(">")) {
    const next = endOf(lines, at, ">");
    const inner = lines.slice(at, next).map((one) => inline(one.replace(/^> ?/, "")));
    return { html: `<blockquote>${inner.join("\n")}</blockquote>`, next };
  }
  return { html: lineOf(line), next: at + 1 };
}

function fenced(lines: string[], at: number, mark: string, language: string) {
  let end = at + 1;
  while (end < lines.length && !(lines[end] ?? "").trimStart().startsWith(mark)) end += 1;
  const code = escapeHtml(lines.slice(at + 1, end).join("\n"));
  const html =
    language === "" ? `<pre>${code}</pre>` : `<pre><code class="language-${language}">${code}</code></pre>`;
  return { html, next: end + 1 };
}

function endOf(lines: string[], at: number, mark: string): number {
  let end = at;
  while (end < lines.length && (lines[end] ?? "").startsWith(mark)) end += 1;
  return end;
}

function lineOf(line: string): string {
  const heading = /^#{1,6} +/.exec(line);
  if (heading) return `<b>${inline(line.slice(heading[0].length), ["**", "__"])}</b>`;
  const item = /^( *)[-*+] +/.exec(line);
  if (item) return `${item[1]}• ${inline(line.slice(item[0].length))}`;
  return inline(line);
}

const MARKS: [mark: string, tag: string][] = [
  ["**", "b"],
  ["__", "b"],
  ["~~", "s"],
  ["*", "i"],
  ["_", "i"],
];

/** `within` are the marks that are open around the text. */
function inline(text: string, within: string[] = []): string {
  let html = "";
  for (let at = 0; at < text.length; ) {
    const found = codeAt(text, at) ?? linkAt(text, at, within) ?? markedAt(text, at, within);
    html += found?.html ?? escapeHtml(text[at] ?? "");
    at = found?.next ?? at + 1;
  }
  return html;
}

function codeAt(text: string, at: number) {
  if (text[at] !== "`") return undefined;
  const end = text.indexOf("`", at + 1);
  if (end <= at + 1) return undefined;
  return { html: `<code>${escapeHtml(text.slice(at + 1, end))}</code>`, next: end + 1 };
}

function linkAt(text: string, at: number, within: string[]) {
  if (text[at] !== "[" || within.includes("[")) return undefined;
  const middle = text.indexOf("](", at);
  const end = middle < 0 ? -1 : text.indexOf(")", middle);
  if (end < 0) return undefined;
  const url = text.slice(middle + 2, end);
  if (!/^(https?|tg|mailto):[^\s"<>]+$/.test(url)) return undefined;
  const label = inline(text.slice(at + 1, middle), [...within, "["]);
  return { html: `<a href="${escapeHtml(url)}">${label}</a>`, next: end + 1 };
}

function markedAt(text: string, at: number, within: string[]) {
  for (const [mark, tag] of MARKS) {
    if (!text.startsWith(mark, at) || within.includes(mark)) continue;
    const start = at + mark.length;
    const end = text.indexOf(mark, start);
    const inner = text.slice(start, end);
    if (end <= start || inner.trim() !== inner || !standsAlone(text, mark, at, end)) continue;
    return { html: `<${tag}>${inline(inner, [...within, mark])}</${tag}>`, next: end + mark.length };
  }
  return undefined;
}

/** An underscore within a word, as in the name of a file, marks nothing; nor does half of a double mark. */
function standsAlone(text: string, mark: string, start: number, end: number): boolean {
  const after = text[end + mark.length] ?? " ";
  if (mark.length === 1 && after === mark) return false;
  const before = text[start - 1] ?? " ";
  return mark !== "_" || (!/\w/.test(before) && !/\w/.test(after));
}

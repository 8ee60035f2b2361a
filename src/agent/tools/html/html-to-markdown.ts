// Reads a page of HTML as Markdown. It is read as a stream, without a tree, so that a page costs time and memory in proportion to
// its length, whatever it contains.

import { Parser } from "htmlparser2";
import { createMarkdownWriter, type MarkdownWriter } from "./markdown-writer.ts";

export interface ReadPage {
  title: string | null;
  markdown: string;
  /** Whether the rest was left out because of its nesting. */
  isCut: boolean;
}

/** Characters that are read between two looks at the nesting, on which the parser's time for an end tag depends. */
const PIECE = 8_192;
const MOST_NESTED = 1_000;
const MOST_TITLE = 300;
const MOST_URL = 2_000;

/** Elements whose content is not shown on the page itself. */
const SILENT = new Set(
  "head script style noscript template svg math iframe object embed canvas audio video select textarea nav footer dialog".split(
    " ",
  ),
);
const BLOCKS = new Set(
  "p div section article main header aside address figure figcaption fieldset form details summary dl dt dd table ul ol hr body hgroup center".split(
    " ",
  ),
);
const EMPHASIS: Record<string, string> = { strong: "**", b: "**", em: "*", i: "*", del: "~~", s: "~~" };
const HEADING = /^h[1-6]$/;

interface Open {
  name: string;
  /** Called at its end. */
  end?: (() => void) | undefined;
}

export function htmlToMarkdown(html: string, base: string): ReadPage {
  const out = createMarkdownWriter();
  const open: Open[] = [];
  const lists: { isOrdered: boolean; next: number }[] = [];
  let silent = 0;
  let title: string | null = null;
  let titleDepth = 0;
  const page: Page = { out, base, lists };

  const parser = new Parser(
    {
      onopentag(name, attributes) {
        if (name === "title" && title === null) {
          title = "";
          titleDepth = open.length + 1;
        }
        const isSilent = silent > 0 || SILENT.has(name) || isHidden(attributes);
        if (isSilent) {
          silent += 1;
          open.push({ name, end: () => silent-- });
        } else open.push({ name, end: begin(name, attributes, page) });
      },
      onclosetag() {
        const { end } = open.pop() ?? {};
        end?.();
        if (open.length < titleDepth) titleDepth = 0;
      },
      ontext(text) {
        if (titleDepth > 0 && title !== null && title.length < MOST_TITLE) title += text;
        else if (silent === 0) out.text(text);
      },
    },
    { decodeEntities: true, lowerCaseTags: true },
  );
  let at = 0;
  for (; at < html.length && open.length <= MOST_NESTED; at += PIECE)
    parser.write(html.slice(at, at + PIECE));
  const isCut = at < html.length;
  if (!isCut) parser.end();
  const found = (title as string | null)?.replace(/\s+/g, " ").trim().slice(0, MOST_TITLE).toWellFormed();
  return { title: found || null, markdown: out.written(), isCut };
}

interface Page {
  out: MarkdownWriter;
  base: string;
  lists: { isOrdered: boolean; next: number }[];
}

/** Hidden text is left out: only somebody who wants to tell a model something in secret has a use for it. */
function isHidden({ hidden, style = "", "aria-hidden": aria }: Record<string, string>): boolean {
  if (hidden !== undefined || aria === "true") return true;
  return /(?:display:none|visibility:hidden|font-size:0(?:px|;|$)|opacity:0(?:;|$))/.test(
    style.slice(0, 2_000).toLowerCase().replaceAll(" ", ""),
  );
}

/** Writes the beginning of an element; returns what writes its end. */
function begin(name: string, attributes: Record<string, string>, page: Page): (() => void) | undefined {
  const { out } = page;
  const emphasis = EMPHASIS[name];
  if (emphasis !== undefined) return wrap(out, emphasis);
  if (HEADING.test(name)) {
    out.block();
    out.mark(`${"#".repeat(Number(name[1]))} `);
    return out.block;
  }
  switch (name) {
    case "br":
      out.line();
      return undefined;
    case "a":
      return link(attributes.href ?? "", page);
    case "img":
      if (attributes.alt?.trim()) out.text(`[Image: ${attributes.alt.trim()}]`);
      return undefined;
    case "code":
    case "kbd":
    case "samp":
      return out.isVerbatim() ? undefined : wrap(out, "`");
    case "pre":
      return fence(out);
    case "blockquote":
      out.block();
      out.indent("> ");
      return () => {
        out.block();
        out.outdent();
      };
    case "li":
      return item(page);
    case "ul":
    case "ol":
      return list(name === "ol", page);
    case "tr":
      out.line();
      return undefined;
    case "td":
    case "th":
      out.text(" | ");
      return undefined;
    case "hr":
      out.block();
      out.mark("---");
      out.block();
      return undefined;
    default:
      if (!BLOCKS.has(name)) return undefined;
      out.block();
      return out.block;
  }
}

function wrap(out: MarkdownWriter, mark: string): () => void {
  out.mark(mark);
  return () => out.close(mark);
}

function fence(out: MarkdownWriter): () => void {
  out.block();
  out.mark("```");
  out.line();
  out.verbatim(true);
  return () => {
    out.verbatim(false);
    out.line();
    out.mark("```");
    out.block();
  };
}

function list(isOrdered: boolean, { out, lists }: Page): () => void {
  if (lists.length === 0) out.block();
  else out.line();
  lists.push({ isOrdered, next: 1 });
  return () => {
    lists.pop();
    if (lists.length === 0) out.block();
    else out.line();
  };
}

function item({ out, lists }: Page): () => void {
  const own = lists.at(-1);
  const bullet = own?.isOrdered ? `${own.next++}. ` : "- ";
  out.line();
  out.indent(" ".repeat(bullet.length), bullet);
  return () => {
    out.line();
    out.outdent();
  };
}

/** Only addresses that can be fetched are shown. */
function link(href: string, { out, base }: Page): (() => void) | undefined {
  const address = addressOf(href, base);
  if (address === undefined) return undefined;
  out.mark("[");
  return () => out.close(`](${address})`);
}

function addressOf(href: string, base: string): string | undefined {
  if (href === "" || href.startsWith("#") || href.length > MOST_URL || !URL.canParse(href, base))
    return undefined;
  const url = new URL(href, base);
  return url.protocol === "http:" || url.protocol === "https:" ? url.href : undefined;
}

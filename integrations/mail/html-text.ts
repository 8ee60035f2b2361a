// The text of a mail in HTML as its reader sees it. It is read as a stream, so that a mail costs time in proportion to its length.

import { Parser } from "htmlparser2";
import { type ReadText, tidy } from "./plain-text.ts";

/** Characters that are read between two looks at the nesting, on which the parser's time for an end tag depends. */
const PIECE = 8_192;
const MOST_NESTED = 1_000;
const MOST = 50_000;
const MOST_QUOTED = 100_000;

const SILENT = new Set("head script style noscript template svg math iframe object title".split(" "));
const BLOCKS = new Set(
  "p div section article header footer main table tr ul ol li dl dt dd pre hr br h1 h2 h3 h4 h5 h6 blockquote center address".split(
    " ",
  ),
);
/** How mail programs mark what they repeat. */
const QUOTES = [
  "gmail_quote",
  "yahoo_quoted",
  "moz-cite-prefix",
  "protonmail_quote",
  "zmail_extra",
  "wordsection-quote",
];
const QUOTE_IDS = ["divrplyfwdmsg", "appendonsend", "reply-intro"];

type Attributes = Record<string, string>;
type Part = "text" | "quoted" | "hidden" | "silent";

interface Open {
  part: Part;
  /** Whether an element around it has a background colour, on which white text can be read. */
  isColoured: boolean;
  href?: string;
}

export function readHtml(html: string): ReadText {
  const written: Record<"text" | "quoted", string> = { text: "", quoted: "" };
  let hidden = 0;
  const open: Open[] = [{ part: "text", isColoured: false }];
  const now = (): Open => open.at(-1) ?? { part: "text", isColoured: false };
  // Outlook marks only where its history begins.
  let isRestQuoted = false;
  const write = (text: string): void => {
    const { part } = now();
    if (part === "hidden") hidden += text.trim().length;
    else if (part === "quoted" || (part === "text" && isRestQuoted)) written.quoted += text;
    else if (part === "text") written.text += text;
  };
  const parser = new Parser({
    onopentag(name, attributes) {
      const above = now();
      if (QUOTE_IDS.includes((attributes.id ?? "").toLowerCase())) isRestQuoted = true;
      const isColoured = above.isColoured || colours(attributes);
      const href = name === "a" ? attributes.href : undefined;
      open.push({
        part: partOf(name, attributes, above.part, isColoured),
        isColoured,
        ...(href !== undefined && { href }),
      });
      if (BLOCKS.has(name)) write(name === "li" ? "\n- " : "\n");
      else if (name === "td" || name === "th") write(" ");
      else if (name === "img" && attributes.alt) write(` [${attributes.alt.slice(0, 200)}] `);
    },
    onclosetag(name) {
      const { href } = now();
      if (href && /^(https?|mailto):/i.test(href) && href.length <= 500) write(` <${href}>`);
      if (open.length > 1) open.pop();
      if (BLOCKS.has(name) && name !== "br") write("\n");
    },
    ontext: (text) => write(text.replace(/\s+/g, " ")),
  });
  for (let at = 0; at < html.length && open.length <= MOST_NESTED; at += PIECE) {
    if (written.text.length > MOST * 2 && written.quoted.length > MOST_QUOTED) break;
    parser.write(html.slice(at, at + PIECE));
  }
  if (open.length <= MOST_NESTED) parser.end();
  const clean = (text: string, most: number) =>
    tidy(text.split("\n").map((line) => line.trim())).slice(0, most);
  return { text: clean(written.text, MOST), quoted: clean(written.quoted, MOST_QUOTED), hidden };
}

function partOf(name: string, attributes: Attributes, above: Part, isColoured: boolean): Part {
  if (above === "silent" || above === "hidden") return above;
  if (SILENT.has(name)) return "silent";
  if (isHidden(attributes, isColoured)) return "hidden";
  if (above === "quoted") return above;
  const classes = (attributes.class ?? "").toLowerCase().split(/\s+/);
  const isQuote =
    QUOTES.some((quote) => classes.includes(quote)) ||
    (name === "blockquote" && (attributes.type ?? "").toLowerCase() === "cite");
  return isQuote ? "quoted" : above;
}

const declarations = (attributes: Attributes): Map<string, string> =>
  new Map(
    (attributes.style ?? "")
      .slice(0, 5_000)
      .toLowerCase()
      .split(";")
      .map((declaration) => {
        const [property = "", ...value] = declaration.split(":");
        return [property.trim(), value.join(":").replace("!important", "").replaceAll(" ", "").trim()];
      }),
  );

const WHITE = ["#fff", "#ffffff", "white", "rgb(255,255,255)", "transparent", "rgba(0,0,0,0)"];
const NOTHING = /^(0|0?\.0\d*|[01](\.\d+)?px|[01](\.\d+)?pt)$/;

/** Whether nobody sees what is in it: not displayed, of no size, or white on white. */
function isHidden(attributes: Attributes, isColoured: boolean): boolean {
  if (attributes.hidden !== undefined) return true;
  const style = declarations(attributes);
  const of = (property: string): string => style.get(property) ?? "";
  if (of("display") === "none" || of("visibility") === "hidden") return true;
  if (NOTHING.test(of("font-size")) || /^0?\.?0*$/.test(of("opacity") || "1")) return true;
  if (
    [of("max-height"), of("height"), of("width")].some((size) => /^0(px)?$/.test(size)) &&
    of("overflow") === "hidden"
  )
    return true;
  if (of("mso-hide") === "all" || /^-\d{4,}px$/.test(of("text-indent") || of("left"))) return true;
  const colour = of("color") || (attributes.color ?? "").toLowerCase();
  return WHITE.includes(colour) && !isColoured;
}

/** Whether it sets a background colour of its own. */
function colours(attributes: Attributes): boolean {
  const style = declarations(attributes);
  const ground =
    attributes.bgcolor?.toLowerCase() || style.get("background-color") || style.get("background");
  return ground !== undefined && ground !== "" && ground !== "none" && !WHITE.includes(ground);
}

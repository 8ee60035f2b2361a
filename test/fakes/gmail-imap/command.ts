// Commands of IMAP as a strict server reads them (RFC 3501): a tag, a name, and arguments that are atoms, strings, literals and lists.

export type Argument = string | Argument[];

export interface Command {
  tag: string;
  /** In capitals; that of a UID command begins with "UID ". */
  name: string;
  args: Argument[];
}

/** What the client is told with BAD. */
export class Unreadable extends Error {}

/** `pieces`: the command's text, and a literal after each piece but the last. */
export function readCommand(pieces: (string | Buffer)[]): Command {
  const tokens = tokensOf(pieces);
  const [tag, first, ...rest] = tokens;
  if (tag?.kind !== "atom" || first?.kind !== "atom") throw new Unreadable("Unknown command");
  const isUid = first.text.toUpperCase() === "UID";
  const args = listOf(isUid ? rest.slice(1) : rest);
  const name = isUid ? `UID ${rest[0]?.text.toUpperCase() ?? ""}` : first.text.toUpperCase();
  return { tag: tag.text, name, args };
}

interface Token {
  kind: "atom" | "string" | "open" | "close";
  text: string;
}

function tokensOf(pieces: (string | Buffer)[]): Token[] {
  const tokens: Token[] = [];
  for (const piece of pieces) {
    if (typeof piece !== "string") tokens.push({ kind: "string", text: piece.toString("latin1") });
    else tokens.push(...tokensIn(piece));
  }
  return tokens;
}

function tokensIn(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const character = text.charAt(at);
    if (character === " ") at += 1;
    else if (character === "(" || character === ")") {
      tokens.push({ kind: character === "(" ? "open" : "close", text: character });
      at += 1;
    } else if (character === '"') {
      const { value, end } = quotedAt(text, at);
      tokens.push({ kind: "string", text: value });
      at = end;
    } else {
      const end = endOfAtom(text, at);
      const atom = text.slice(at, end);
      if (/[^\x21-\x7e ]/.test(atom)) throw new Unreadable("Could not parse command");
      tokens.push({ kind: "atom", text: atom });
      at = end;
    }
  }
  return tokens;
}

function quotedAt(text: string, start: number): { value: string; end: number } {
  let value = "";
  for (let at = start + 1; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === '"') return { value, end: at + 1 };
    // Only a literal carries what is not ASCII.
    if (character > "\x7f") throw new Unreadable("Could not parse command");
    value += character === "\\" ? text.charAt(++at) : character;
  }
  throw new Unreadable("Could not parse command");
}

/** A section such as BODY.PEEK[HEADER.FIELDS (FROM TO)]<0.100> is one atom. */
function endOfAtom(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === "[") depth += 1;
    else if (character === "]") depth -= 1;
    else if (depth === 0 && [" ", "(", ")", '"'].includes(character)) return at;
  }
  return text.length;
}

function listOf(tokens: Token[]): Argument[] {
  const open: Argument[][] = [[]];
  for (const { kind, text } of tokens) {
    if (kind === "open") open.push([]);
    else if (kind === "close") {
      const done = open.pop();
      const around = open.at(-1);
      if (!done || !around) throw new Unreadable("Could not parse command");
      around.push(done);
    } else open.at(-1)?.push(text);
  }
  const [args] = open;
  if (open.length !== 1 || !args) throw new Unreadable("Could not parse command");
  return args;
}

export function textOf(argument: Argument | undefined): string {
  if (typeof argument !== "string") throw new Unreadable("Could not parse command");
  return argument;
}

export const quoted = (text: string): string => `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;

/** Whether a number is in a set such as "1:4,9,20:*"; `last` is what "*" stands for. */
export function isInSet(set: string, number: number, last: number): boolean {
  if (!/^(\d+|\*)(:(\d+|\*))?(,(\d+|\*)(:(\d+|\*))?)*$/.test(set))
    throw new Unreadable("Could not parse command");
  return set.split(",").some((range) => {
    const [from = 0, to = from] = range.split(":").map((end) => (end === "*" ? last : Number(end)));
    return number >= Math.min(from, to) && number <= Math.max(from, to);
  });
}

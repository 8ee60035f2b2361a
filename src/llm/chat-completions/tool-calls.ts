// Puts the streamed pieces of tool calls together. Endpoints disagree about what tells one call from the next: an
// index, an id, a name, or nothing but that the arguments before were whole.

import { createGrowingText, type GrowingText } from "../../growing-text.ts";
import { type Fields, isObject } from "../fields.ts";
import type { Continuation, LlmToolCall } from "../llm.ts";
import { createObjectScanner, type ObjectScanner } from "../wire/json-object.ts";

/** A piece as it came; only that it is a JSON object is certain. */
export type Piece = Fields;

interface Slot {
  index: number | undefined;
  id: string;
  name: string;
  arguments: GrowingText;
  /** The piece that came last, and how many came. */
  last: string;
  pieces: number;
  hasArguments: boolean;
  scanner: ObjectScanner;
  /** What the endpoint wants back: Gemini's thought signatures, and the like. */
  fields: Fields;
}

export function createToolCalls(model: string, offered: ReadonlySet<string> = new Set()) {
  const slots: Slot[] = [];
  return {
    count: () => slots.length,
    /** Adds a piece and returns the number of its characters. */
    add(piece: Piece): number {
      const read = readPiece(piece);
      let slot = slotOf(slots, read);
      if (slot && repeats(slot, read)) return read.size;
      const name = slot && nameWith(slot, read, offered);
      if (slot && name !== undefined) {
        slot.name = name;
      } else if (!slot || beginsAnother(slot, read)) {
        slot = newSlot(read.index);
        slots.push(slot);
      }
      slot.id ||= read.id;
      slot.name ||= read.name;
      slot.arguments.add(read.arguments);
      slot.last = read.arguments;
      slot.pieces++;
      slot.hasArguments ||= read.arguments.trim() !== "";
      slot.scanner.feed(read.arguments);
      Object.assign(slot.fields, read.fields);
      return read.size;
    },
    /** The calls as they came. An id may be missing, or be another's, too. */
    finish(): LlmToolCall[] {
      return slots.map((slot) => {
        const { id, name, fields } = slot;
        const continuation: Continuation = { model, fields };
        return {
          id,
          name,
          arguments: argumentsIn(slot),
          ...(Object.keys(fields).length > 0 && { continuation }),
        };
      });
    },
  };
}

/** Some gateways give in each piece all that came so far. */
function argumentsIn({ arguments: parts, last, pieces }: Slot): string {
  const joined = parts.toString();
  if (pieces < 2 || !last.startsWith("{")) return joined;
  return !isObjectText(joined) && isObjectText(last) ? last : joined;
}

function isObjectText(text: string): boolean {
  try {
    return isObject(JSON.parse(text));
  } catch {
    return false;
  }
}

function newSlot(index: number | undefined): Slot {
  return {
    index,
    id: "",
    name: "",
    arguments: createGrowingText(),
    last: "",
    pieces: 0,
    hasArguments: false,
    scanner: createObjectScanner(),
    fields: {},
  };
}

/** Returns the slot that a piece belongs to, unless it begins another call. */
function slotOf(slots: Slot[], { index, id, name }: ReadPiece): Slot | undefined {
  if (index !== undefined) return slots.findLast((slot) => slot.index === index);
  const same = id === "" ? undefined : slots.find((slot) => slot.id === id);
  return same ?? (id !== "" && name !== "" ? undefined : slots.at(-1));
}

/** A few servers send a name in pieces, or in each piece all that came of it so far. Undefined: the piece begins or continues something else. */
function nameWith(slot: Slot, { name, id }: ReadPiece, offered: ReadonlySet<string>): string | undefined {
  if (name === "" || name === slot.name || slot.name === "") return undefined;
  const longer = slot.name + name;
  if (offered.has(longer)) return longer;
  const isSame = !slot.hasArguments && !offered.has(slot.name) && (id === "" || id === slot.id);
  if (!isSame) return undefined;
  return [longer, name].find(
    (one) => one.startsWith(slot.name) && [...offered].some((known) => known.startsWith(one)),
  );
}

/** Only a piece with a name can begin a call. Some endpoints repeat the name in each piece, others every index. */
function beginsAnother(slot: Slot, piece: ReadPiece): boolean {
  if (piece.name === "" || slot.name === "") return false;
  if (piece.name !== slot.name) return true;
  if (slot.scanner.isWhole() && piece.arguments.trim() !== "") return true;
  const isOtherId = piece.id !== "" && slot.id !== "" && piece.id !== slot.id;
  return isOtherId && (!slot.hasArguments || slot.scanner.isWhole());
}

/** Whether the piece is the whole call once more, with which some gateways end a stream. Run twice, it might send something twice. */
function repeats(slot: Slot, piece: ReadPiece): boolean {
  const isSame = piece.id !== "" && piece.id === slot.id && (piece.name === slot.name || piece.name === "");
  if (!isSame || !slot.scanner.isWhole() || piece.arguments.length !== slot.arguments.length) return false;
  return piece.arguments === slot.arguments.toString();
}

type ReadPiece = ReturnType<typeof readPiece>;

function readPiece(piece: Piece) {
  const { index, id, type: _type, custom, function: given = custom, ...others } = flat(piece);
  // Some endpoints send the arguments as a complete object, and some under another name.
  const { name, arguments: written, parameters, input, args, ...more } = isObject(given) ? given : {};
  const part = written ?? parameters ?? input ?? args;
  const text = typeof part === "string" ? part : part ? JSON.stringify(part) : "";
  const fields = Object.fromEntries(
    Object.entries(others).filter(([, value]) => value !== null && value !== ""),
  );
  const inner = Object.entries(more).filter(([, value]) => value !== null && value !== "");
  if (inner.length > 0) fields.function = Object.fromEntries(inner);
  return {
    index: indexOf(index),
    id: nameOf(id),
    name: nameOf(name).trim(),
    arguments: text,
    fields,
    size: text.length + (Object.keys(fields).length > 0 ? JSON.stringify(fields).length : 0),
  };
}

/** Name and arguments may stand beside the id, and the name alone in the place of both. */
const flat = (piece: Piece): Piece => {
  const isName = typeof piece.function === "string";
  if (
    !isName &&
    (piece.function !== undefined || piece.custom !== undefined || typeof piece.name !== "string")
  )
    return piece;
  const { name, function: alone, arguments: given, parameters, input, args, ...others } = piece;
  return {
    ...others,
    function: { name: isName ? alone : name, arguments: given ?? parameters ?? input ?? args },
  };
};

const indexOf = (value: unknown): number | undefined => {
  const index = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return typeof index === "number" && Number.isFinite(index) ? index : undefined;
};

const nameOf = (value: unknown): string =>
  typeof value === "string" || typeof value === "number" ? String(value) : "";

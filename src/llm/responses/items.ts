// The items of a response: messages, calls and reasoning. Each is told several times: piece by piece, as a whole when it is done, and in the
// response at its end. Servers leave out some of these.

import { createGrowingText, type GrowingText } from "../../growing-text.ts";
import { type Fields, isObject, textOf } from "../fields.ts";
import type { Limits } from "../limits.ts";
import type { LlmToolCall } from "../llm.ts";

interface Item {
  type: string;
  /** Of a message: its text. Of a call: its arguments. */
  parts: GrowingText;
  /** The item as it came last. */
  raw: Fields;
  isDone: boolean;
}

/** A model may say something before its answer, in a message of its own. */
const BETWEEN = "\n\n";

export function createItems(limits: Limits) {
  const items: Item[] = [];
  /** By what its events name it. */
  const named = new Map<unknown, Item>();
  let calls = 0;

  /** Proxies make up an id for each event, or leave it out; then it is the item of this type that is not done. */
  const find = (keys: unknown[], type: string): Item | undefined =>
    keys.map((key) => named.get(key)).find((item) => item?.type === type) ??
    items.findLast((item) => item.type === type && !item.isDone);

  const itemOf = (event: Fields, type: string): Item =>
    find(keysOf(event), type) ?? begin({ type }, keysOf(event));

  function begin(raw: Fields, keys: unknown[]): Item {
    const item: Item = { type: textOf(raw.type), parts: createGrowingText(), raw, isDone: false };
    limits.items(items.length + 1);
    if (item.type === "function_call") limits.calls(++calls);
    items.push(item);
    for (const key of keys) named.set(key, item);
    return item;
  }

  function addPart(item: Item, text: string): string {
    const before =
      item.parts.length === 0 && text !== "" && ofType("message").some(({ parts }) => parts.length > 0);
    item.parts.add(limits.text(text));
    if (item.type !== "message") return "";
    return before ? BETWEEN + text : text;
  }

  /** What is told again as a whole counts only where the pieces were left out. */
  const addMissing = (item: Item, text: string): string => (item.parts.length > 0 ? "" : addPart(item, text));

  /** Parts of thoughts are told by the same event. */
  function addPartOf(event: Fields): string {
    const text = isObject(event.part) ? partText(event.part) : "";
    return text === "" ? "" : addMissing(itemOf(event, "message"), text);
  }

  function addWhole(raw: Fields, event: Fields = {}): string {
    const type = textOf(raw.type);
    if (type !== "message") limits.count(JSON.stringify(raw).length);
    const keys = keysOf({ ...event, item_id: raw.id });
    const item = find(keys, type) ?? begin(raw, keys);
    Object.assign(item, { raw, isDone: true });
    return addMissing(item, type === "function_call" ? argumentsOf(raw) : textIn(raw));
  }

  return {
    /** Adds what an event of this type tells, and returns its text. */
    add(type: string, event: Fields): string {
      switch (type) {
        case "response.output_item.added":
          if (isObject(event.item)) begin(event.item, keysOf({ ...event, item_id: event.item.id }));
          return "";
        case "response.output_text.delta":
        case "response.refusal.delta":
          return addPart(itemOf(event, "message"), deltaText(event.delta));
        case "response.output_text.done":
        case "response.refusal.done":
          return addMissing(itemOf(event, "message"), textOf(event.text ?? event.refusal));
        case "response.content_part.done":
          return addPartOf(event);
        case "response.function_call_arguments.delta":
          return addPart(itemOf(event, "function_call"), textOf(event.delta));
        case "response.function_call_arguments.done": {
          const item = itemOf(event, "function_call");
          item.raw = { ...(typeof event.name === "string" && { name: event.name }), ...item.raw };
          return addMissing(item, argumentsOf(event));
        }
        case "response.output_item.done":
          return isObject(event.item) ? addWhole(event.item, event) : "";
        default:
          return "";
      }
    },
    /** Adds those of the items of a whole response of which nothing came before, and returns their text. */
    addRest(output: Fields[]): string {
      const told = new Set(
        items.flatMap(({ type, parts, isDone }) => (isDone || parts.length > 0 ? [type] : [])),
      );
      return output.map((item) => (told.has(textOf(item.type)) ? "" : addWhole(item))).join("");
    },
    text: () =>
      ofType("message")
        .flatMap(({ parts }) => (parts.length > 0 ? [parts.toString()] : []))
        .join(BETWEEN),
    calls: (): LlmToolCall[] =>
      ofType("function_call").map(({ parts, raw }) => ({
        id: textOf(raw.call_id) || textOf(raw.id),
        name: textOf(raw.name),
        arguments: argumentsOf(raw) || parts.toString(),
      })),
    /** For each call, what the model thought before it. */
    reasoning(): Fields[][] {
      const before: Fields[][] = [[]];
      for (const { type, raw } of items) {
        if (type === "reasoning") {
          // The status must not be sent back.
          const { status: _status, ...kept } = raw;
          before.at(-1)?.push(kept);
        } else if (type === "function_call") before.push([]);
      }
      return before;
    },
  };

  function ofType(type: string): Item[] {
    return items.filter((item) => item.type === type);
  }
}

const keysOf = ({ item_id, output_index }: Fields): unknown[] => [
  ...(typeof item_id === "string" && item_id !== "" ? [`id ${item_id}`] : []),
  ...(typeof output_index === "number" ? [`at ${output_index}`] : []),
];

/** Some servers send an object. */
const argumentsOf = ({ arguments: given }: Fields): string =>
  isObject(given) ? JSON.stringify(given) : textOf(given);

function textIn({ type, content }: Fields): string {
  if (type !== "message") return "";
  if (typeof content === "string") return content;
  const parts = Array.isArray(content) ? content.filter(isObject) : [];
  return parts.map(partText).join("");
}

/** Some servers send a part in the place of its text. */
const deltaText = (delta: unknown): string => textOf(isObject(delta) ? delta.text : delta);

const partText = ({ type, text, refusal }: Fields): string =>
  type === "output_text" || type === "text" ? textOf(text) : textOf(refusal);

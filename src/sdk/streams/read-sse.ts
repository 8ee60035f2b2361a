// Server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation

import { type ByteSource, type LineOptions, readLines, tooLong } from "./read-lines.ts";

/** One server-sent event. */
export interface SseEvent {
  /** The name of the event; "message" if it has none. */
  event: string;
  /** The data, with its lines joined by "\n". */
  data: string;
  /** The last id of the stream, to send as Last-Event-ID when reconnecting. Empty if there was none. */
  id: string;
  /** The reconnection delay that the stream asked for, in milliseconds; undefined if it did not. */
  retry: number | undefined;
}

const MAX_LENGTH = 1_000_000;

/** See the export of heddle/sdk. */
export async function* readSse(source: ByteSource, options: LineOptions = {}): AsyncGenerator<SseEvent> {
  const { maxLength = MAX_LENGTH } = options;
  let id = "";
  let retry: number | undefined;
  let event = "";
  let data: string[] = [];
  let length = 0;
  let isFirst = true;
  for await (const raw of readLines(source, options)) {
    const line = isFirst && raw.startsWith("\uFEFF") ? raw.slice(1) : raw;
    isFirst = false;
    if (line === "") {
      if (data.length > 0) yield { event: event || "message", data: data.join("\n"), id, retry };
      event = "";
      data = [];
      length = 0;
      continue;
    }
    const colon = line.indexOf(":");
    const field = colon === -1 ? line : line.slice(0, colon);
    const given = colon === -1 ? "" : line.slice(colon + 1);
    const value = given.startsWith(" ") ? given.slice(1) : given;
    if (field === "event") event = value;
    else if (field === "id" && !value.includes("\0")) id = value;
    else if (field === "retry" && /^\d{1,9}$/.test(value)) retry = Number(value);
    else if (field === "data") {
      length += value.length + 1;
      if (length > maxLength) throw tooLong(maxLength);
      data.push(value);
    }
  }
}

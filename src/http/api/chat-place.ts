// The id of an event of a chat's stream, from which the client continues.

import type { ChatPlace } from "../../chat/chat-event.ts";
import { HeddleError } from "../../errors.ts";
import { readCursor, writeCursor } from "../../events/cursor.ts";
import { isUuid } from "../../ids.ts";

export const writePlace = ({ task, cursor, part, offset }: ChatPlace): string =>
  [task, writeCursor(cursor), part, offset].join(";");

/** Throws `validation` for anything that `writePlace` did not write. */
export function readPlace(text: string): ChatPlace {
  const [task = "", cursor = "", part = "", offset = "", ...more] = text.split(";");
  const isPart = part === "" || /^\d{1,9}\.\d{1,9}\.(?:\d{1,9}|done)$/.test(part);
  if (!isUuid(task) || !isPart || !/^\d{1,15}$/.test(offset) || more.length > 0) {
    throw new HeddleError(
      "validation",
      "Last-Event-ID must be the id of an event of this chat; leave it out to send the message.",
      { field: "Last-Event-ID" },
    );
  }
  return { task, cursor: readCursor(cursor), part, offset: Number(offset) };
}

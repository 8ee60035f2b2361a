// `publish`: an integration's own events in the server's stream of events.

import { errorMessage, HeddleError } from "../errors.ts";
import { jsonOf } from "../schema/json-of.ts";
import { shown } from "./arguments.ts";
import { checkOptions } from "./options.ts";
import type { JsonObject, Publish, PublishedEvent } from "./types.ts";

const NAME = /^[a-z][a-z0-9_]{0,63}(?:\.[a-z0-9_]{1,64}){0,4}$/;
const ID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
const LONGEST_DATA = 4_000;

/** Checks an event before it is passed on. */
export const createPublish =
  (pass: (event: PublishedEvent) => Promise<void>): Publish =>
  async (name, data = {}, options = {}) => {
    // A misspelt channelId would show the event to everybody.
    checkOptions("publish", options, ["channelId"]);
    const { channelId } = options;
    if (typeof name !== "string" || !NAME.test(name)) {
      throw invalid(
        "name",
        `The name of publish() must be words of a-z 0-9 _ with dots, such as "card.moved"; got ${shown(name)}.`,
      );
    }
    if (channelId !== undefined && channelId !== null && !ID.test(channelId)) {
      throw invalid(
        "channelId",
        `The channelId of publish() must be a channel's id; got ${shown(channelId)}.`,
      );
    }
    await pass({ name, data: facts(data), channelId: channelId ?? null });
  };

/** The data as it will arrive. */
function facts(data: JsonObject): JsonObject {
  const isObject = typeof data === "object" && data !== null && !Array.isArray(data);
  const wanted = `The data of publish() must be an object of at most ${LONGEST_DATA} characters of JSON`;
  let text: string | undefined;
  try {
    text = isObject ? jsonOf(data) : undefined;
  } catch (error) {
    throw invalid("data", `${wanted}: ${errorMessage(error)}.`);
  }
  if (text !== undefined && text.length <= LONGEST_DATA) return JSON.parse(text);
  throw invalid("data", `${wanted}.`);
}

const invalid = (field: string, message: string) => new HeddleError("validation", message, { field });

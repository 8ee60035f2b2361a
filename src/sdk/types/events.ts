// Events that an integration publishes.

import type { JsonObject } from "../json.ts";

/** What an event of `publish` is about, besides its data. */
export interface PublishOptions {
  /** The id of the channel that it belongs to: keys that do not reach the channel do not see the event. Default: none. */
  channelId?: string | null | undefined;
}

/**
 * Publishes an event: its name, such as "card.moved", and facts about it as JSON, at most 4,000 characters. Ids rather than contents, which
 * those who see the event can then read.
 */
export type Publish = (name: string, data?: JsonObject, options?: PublishOptions) => Promise<void>;

/** An event as `publish` was given it. */
export interface PublishedEvent {
  /** The name without the integration's id: "card.moved". */
  name: string;
  /** The facts. */
  data: JsonObject;
  /** The id of the channel that it belongs to. */
  channelId: string | null;
}

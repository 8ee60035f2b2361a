// How an integration describes its places and users.

import type { JsonObject } from "../json.ts";
import type { DispatchConfig } from "./messages.ts";

/** A user as `userAttribution` gets it. */
export interface AttributedUser {
  /** The name to show; null if it is unknown. */
  display_name: string | null;
  /** What integrations know about the person, by integration. */
  integration_config: JsonObject;
}

/** What `registerIntegration` takes. */
export interface IntegrationMeta {
  /** The integration's name: "github". */
  integrationType: string;
  /** The prefix of its client ids, including the colon: "github:". */
  clientIdPrefix: string;
  /** Returns the fields of a post that name the user: `username`, `icon_emoji`, `icon_url`. */
  userAttribution?: (user: AttributedUser) => Promise<JsonObject> | JsonObject;
  /** Returns the names to show, by channel id. */
  resolveDisplayNames?: (
    channels: {
      /** The channel's id. */
      id: string;
      /** The place of the channel. */
      client_id: string;
    }[],
  ) => Promise<Record<string, string>> | Record<string, string>;
  /** Returns the dispatch_config for a client id, or null for one that has none. */
  resolveDispatchConfig?: (clientId: string) => Promise<DispatchConfig | null> | DispatchConfig | null;
  /**
   * Asks the service whether the settings work, when a person tests the connection: returns what it found as a sentence
   * ("Signed in as octocat."), or throws what is wrong. It should change nothing. `signal` aborts after 15 seconds.
   */
  testConnection?: (ctx: {
    /** Aborts when the person has waited long enough. Pass it on. */
    signal: AbortSignal;
  }) => Promise<string> | string;
}

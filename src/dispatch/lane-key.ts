// Chooses the lane of a delivery, by which it is stored as its `target_key`: deliveries in one lane are made one after another, in order.

import { createHash } from "node:crypto";
import type { JsonObject } from "../db/schema.ts";
import type { Logger } from "../log.ts";
import { canonical } from "../schema/canonical.ts";
import { atOnce } from "../sdk/arguments.ts";
import { maskConfig as withoutSecrets } from "../secrets/mask.ts";
import type { Dispatchers } from "./registry.ts";

export interface LaneKeyOptions {
  dispatchers: Pick<Dispatchers, "get" | "withDefaults">;
  log: Logger;
}

/** Never throws, because a delivery is written in the transaction of its cause. `config` is unsealed. */
export type LaneKey = (type: string, config: JsonObject) => string;

export function createLaneKey({ dispatchers, log }: LaneKeyOptions): LaneKey {
  return (type, config) => {
    // Two messages to one place may bring different tokens.
    const shown = withoutSecrets(dispatchers.withDefaults(type, config));
    return `${type}:${digest(laneOf(type, shown) ?? canonical(shown))}`;
  };

  function laneOf(type: string, config: JsonObject): string | undefined {
    const dispatcher = dispatchers.get(type);
    try {
      const lane = dispatcher?.lane ?? dispatcher?.targetOf;
      const name = atOnce("It", lane?.call(dispatcher, structuredClone(config)));
      return typeof name === "string" || typeof name === "number" ? String(name) : undefined;
    } catch (error) {
      log.warn("The lane of the dispatcher {type} failed: {error}", { type, error });
      return undefined;
    }
  }
}

/** A hash: short, and it reveals nothing of an address that is itself a secret. */
const digest = (text: string): string => createHash("sha256").update(text).digest("base64url").slice(0, 22);

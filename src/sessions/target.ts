import type { JsonObject } from "../db/schema.ts";
import type { DispatchConfig, InjectMessage } from "../sdk/types.ts";

/** Checks a config against its type and seals its secrets. Throws `validation`. */
export type SealConfig = (config: DispatchConfig) => Promise<JsonObject>;

/** Where an outcome goes; the config is sealed. */
export interface Target {
  type: string;
  config: JsonObject;
}

/** The message's own target, sealed before; else, when the outcome is to be announced, the session's. */
export function targetOf(
  message: Pick<InjectMessage, "notify">,
  own: JsonObject | undefined,
  ofSession: JsonObject | null,
): Target {
  const chosen = own ?? (message.notify === false ? null : ofSession) ?? { type: "none" };
  const { type, ...config } = chosen;
  return { type: String(type), config };
}

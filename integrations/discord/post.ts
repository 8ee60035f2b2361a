// Posting, with what makes it safe to do it again: a nonce that Discord compares.

import { createHash } from "node:crypto";
import { type DispatchContext, type JsonObject, patiently } from "heddle/sdk";
import { call, codeOf, DiscordRefusal } from "./client.ts";
import { channelIn, type Target } from "./place.ts";

/** Characters in one message. */
export const LIMIT = 2_000;

const UNKNOWN_MESSAGE = 10_008;

/** Posts one part of a delivery; the same part is posted once, also if nobody knows how the last attempt ended. */
export function postPart(
  config: Target,
  part: string | number,
  message: JsonObject,
  ctx: DispatchContext,
): Promise<string> {
  const json = marked(message, `${ctx.delivery_id}:${part}`);
  const post = () => postMessage(config, json, ctx.signal);
  return ctx.once(`part:${part}`, () => patiently(post, { signal: ctx.signal, secondsOf: askedSeconds }));
}

const askedSeconds = (error: unknown): number | undefined =>
  error instanceof DiscordRefusal && error.status === 429 ? error.retryAfter : undefined;

/** With a nonce, for which Discord posts once within some minutes, and returns the message again. */
export function marked(message: JsonObject, key: string): JsonObject {
  const nonce = createHash("sha256").update(key).digest("base64url").slice(0, 25);
  return { ...quiet(message), nonce, enforce_nonce: true };
}

/** Removes a message, unless that was done before. */
export async function removeMessage(config: Target, id: string, signal: AbortSignal): Promise<void> {
  try {
    await call("DELETE", `/channels/${channelIn(config)}/messages/${id}`, { signal });
  } catch (error) {
    if (codeOf(error) !== UNKNOWN_MESSAGE) throw error;
  }
}

export async function postMessage(config: Target, json: JsonObject, signal: AbortSignal): Promise<string> {
  const { id } = await call<{ id: string }>("POST", `/channels/${channelIn(config)}/messages`, {
    ...{ json, signal },
  });
  return id;
}

/** Where an answer is shown while it is written: a message, or what a command has got as an answer. */
export type Shown = { message_id: string } | { interaction: true };

/** Replaces what a message says. */
export async function edit(
  config: Target,
  shown: Shown,
  message: JsonObject,
  signal: AbortSignal,
): Promise<string> {
  const json = quiet(message);
  const { id } = await call<{ id: string }>("PATCH", pathOf(config, shown), { json, signal });
  return id;
}

function pathOf(config: Target, shown: Shown): string {
  if ("message_id" in shown) return `/channels/${channelIn(config)}/messages/${shown.message_id}`;
  const { application_id, token } = config.interaction ?? { application_id: "0", token: "0" };
  return `/webhooks/${application_id}/${token}/messages/@original`;
}

const SUPPRESS_EMBEDS = 4;

/** A text of a bot pings nobody, and Discord does not fetch what it links to, which a stranger may have talked the bot into. */
export const quiet = (message: JsonObject): JsonObject => ({
  ...message,
  flags: SUPPRESS_EMBEDS | Number(message.flags ?? 0),
  allowed_mentions: { parse: [] },
});

/** If the message is gone, the answer is posted all the same. */
export const replying = ({ reply_to }: Target): JsonObject =>
  reply_to === undefined ? {} : { message_reference: { message_id: reply_to, fail_if_not_exists: false } };

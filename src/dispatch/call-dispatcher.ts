// Calls the dispatcher of an outbox row, and turns what it returns into a receipt.

import type { ApprovalNotice } from "../db/schema.ts";
import { ledBy } from "../hops.ts";
import { during } from "../runtime/activity.ts";
import { Permanent, Retryable } from "../sdk/errors.ts";
import type {
  AskApprovalInput,
  AskedApproval,
  DeliverInput,
  DispatchContext,
  Dispatcher,
  JsonObject,
  PostMessageInput,
  RemoveInput,
} from "../sdk/types.ts";
import { inDelivery, type KeptActions } from "../secrets/kept-actions.ts";
import { type DeliveryRow, fieldLocation } from "./delivery.ts";
import type { OnceOf } from "./once.ts";
import type { Dispatchers } from "./registry.ts";
import type { ConfigSealer } from "./seal-config.ts";

/** A claimed row, with what its dispatcher is told about the target. */
export interface ClaimedDelivery {
  row: DeliveryRow;
  client_id: string;
  channel_id: string;
  /** Of the delivery that this one follows: the question that is decided, the answer that is changed. */
  earlier_receipt: unknown;
  /** Attempts since it was written or redelivered. */
  age_seconds: number;
  /** Whether other deliveries to the same target waited at the time of the claim. */
  is_followed: boolean;
}

export interface HandOptions {
  dispatchers: Pick<Dispatchers, "get" | "withDefaults" | "checkReceipt">;
  sealer: Pick<ConfigSealer, "open">;
  actions: Pick<KeptActions, "open">;
  once: OnceOf;
}

/** Resolves with the receipt, or null if the dispatcher returned none; rejects with the dispatcher's error. */
export type Hand = (claimed: ClaimedDelivery, signal: AbortSignal) => Promise<unknown>;

export function createHand({ dispatchers, sealer, actions, once }: HandOptions): Hand {
  return async (claimed, signal) => {
    const { row } = claimed;
    const type = row.dispatch_type;
    const dispatcher = dispatchers.get(type);
    if (!dispatcher) {
      // Its integration may be quarantined or reloading, so the delivery is attempted again.
      throw new Retryable(`No live integration provides the dispatch type "${type}".`);
    }
    const ctx: DispatchContext = {
      delivery_id: row.id,
      attempt: row.attempts,
      hops: row.payload.hops ?? 0,
      signal,
      once: once(row),
    };
    const returned = await during(
      () => `the delivery ${row.id} by ${type}`,
      () => ledBy(row.payload.hops ?? 0, () => call(dispatcher, claimed, ctx)),
    );
    // The guide's `post_message` returns whether it has posted.
    if (returned === false)
      throw new Retryable(`The dispatcher "${type}" returned false, which means that it did not deliver.`);
    const receipt = receiptOf(returned);
    const { kind } = row.payload;
    // What was corrected is where it was, unless the dispatcher says otherwise.
    if (kind === "edit" && receipt === null) return claimed.earlier_receipt;
    if (kind !== "approval" && kind !== "remove") dispatchers.checkReceipt(type, receipt);
    return receipt;
  };

  function call(dispatcher: Dispatcher, claimed: ClaimedDelivery, ctx: DispatchContext): unknown {
    const { row } = claimed;
    const { dispatch_type: type } = row;
    const given = sealer.open(row.dispatch_config, fieldLocation(row.id));
    const config = { ...dispatchers.withDefaults(type, given), type };
    if (row.payload.kind === "approval") return dispatcher.askApproval?.(askInput(claimed, config), ctx);
    if (row.payload.kind === "edit" || row.payload.kind === "remove")
      return change(dispatcher, claimed, config, ctx);
    const clientActions = actions.open(row.payload.client_actions, inDelivery(row.id));
    if (row.payload.kind !== "post")
      return dispatcher.deliver({ ...deliverInput(claimed, config), clientActions }, ctx);
    if (dispatcher.postMessage)
      return dispatcher.postMessage({ ...postInput(row, config), clientActions }, ctx);
    throw new Permanent(
      `The dispatcher "${row.dispatch_type}" has no postMessage(), so it cannot post texts.`,
    );
  }
}

function change(
  dispatcher: Dispatcher,
  { row: { payload, bot_id, session_id, dispatch_type }, earlier_receipt: receipt }: ClaimedDelivery,
  dispatchConfig: RemoveInput["dispatchConfig"],
  ctx: DispatchContext,
): unknown {
  if (receipt === null || receipt === undefined)
    throw new Permanent("There is no receipt that says what was posted, so it cannot be changed.");
  const config = withoutType(dispatchConfig);
  const input = { receipt, dispatchConfig, config, botId: bot_id, sessionId: session_id };
  const { text, extra_metadata: extraMetadata } = payload;
  if (payload.kind === "edit" && dispatcher.edit)
    return dispatcher.edit({ ...input, text, extraMetadata }, ctx);
  if (payload.kind === "remove" && dispatcher.remove) return dispatcher.remove(input, ctx);
  throw new Permanent(`The dispatcher "${dispatch_type}" has no ${payload.kind}() any more.`);
}

/** A call that ended without an error has delivered, whatever it returned. */
function receiptOf(returned: unknown): unknown {
  if (typeof returned !== "object" || returned === null || !("receipt" in returned)) return null;
  return returned.receipt ?? null;
}

function deliverInput(
  { row, client_id, channel_id }: ClaimedDelivery,
  dispatch_config: DeliverInput["task"]["dispatch_config"],
): Omit<DeliverInput, "clientActions"> {
  const { payload, bot_id, session_id, correlation_id, dispatch_type } = row;
  const isError = payload.kind === "error";
  return {
    task: {
      id: String(row.task_id),
      status: payload.is_cancelled ? "cancelled" : isError ? "failed" : "complete",
      bot_id,
      session_id,
      channel_id,
      client_id,
      correlation_id,
      dispatch_type,
      dispatch_config,
    },
    config: withoutType(dispatch_config),
    result: payload.text,
    ...(payload.output !== undefined && { output: payload.output }),
    isError,
    extraMetadata: payload.extra_metadata,
    ...(payload.streamed !== undefined && { streamed: payload.streamed }),
  };
}

function askInput(
  { row: { payload, bot_id, session_id }, earlier_receipt }: ClaimedDelivery,
  dispatchConfig: AskApprovalInput["dispatchConfig"],
): AskApprovalInput {
  const { asked_by, ...approval } = payload.approval as ApprovalNotice & Pick<AskedApproval, "status">;
  return {
    approval,
    text: payload.text,
    dispatchConfig,
    config: withoutType(dispatchConfig),
    botId: bot_id,
    sessionId: session_id,
    ...(asked_by !== undefined && { receipt: earlier_receipt ?? null }),
  };
}

function postInput(
  { payload, bot_id, session_id }: DeliveryRow,
  dispatchConfig: PostMessageInput["dispatchConfig"],
): Omit<PostMessageInput, "clientActions"> {
  const author = payload.author ?? {};
  return {
    dispatchConfig,
    config: withoutType(dispatchConfig),
    text: payload.text,
    botId: bot_id,
    sessionId: session_id,
    replyInThread: payload.reply_in_thread ?? true,
    ...(author.username && { username: author.username }),
    ...(author.icon_emoji && { iconEmoji: author.icon_emoji }),
    ...(author.icon_url && { iconUrl: author.icon_url }),
    extraMetadata: payload.extra_metadata,
  };
}

const withoutType = ({ type: _, ...config }: JsonObject): JsonObject => config;

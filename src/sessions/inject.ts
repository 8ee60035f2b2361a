// The single entry point of messages: each message is stored here with its task, its queue job and its inbox record, in one
// transaction.

import type { ReadFile } from "../attachments/attachment.ts";
import type { ReadFiles } from "../attachments/read-files.ts";
import type { Database } from "../db/database.ts";
import type { JsonObject, PostAuthor } from "../db/schema.ts";
import { storableJson } from "../db/storable.ts";
import type { Dispatchers } from "../dispatch/registry.ts";
import { HeddleError, notFound } from "../errors.ts";
import { hopsSoFar } from "../hops.ts";
import { currentIncoming, type Incoming } from "../inbox/incoming.ts";
import { hopsIn } from "../sdk/hops.ts";
import type { InjectMessage, InjectResult } from "../sdk/types.ts";
import { authorOf } from "./author.ts";
import { createBatcher } from "./batch.ts";
import { dedupeKeyOf } from "./dedupe-key.ts";
import { type Addressed, type Destination, findDestinations } from "./find-destinations.ts";
import { unknownBot } from "./get-or-create.ts";
import { checkMessage, type MissingInConfig, type Prepared, prepare, warningsOf } from "./prepare.ts";
import { type Outcome, type StoreOptions, storeAll } from "./store-batch.ts";
import { createTargets, type TargetsOptions } from "./targets.ts";

export interface InjectOptions extends StoreOptions, TargetsOptions {
  db: Database;
  dispatchers: Pick<Dispatchers, "get">;
  missingNames: MissingInConfig;
  /** Reads the files that come with a message. */
  readFiles: ReadFiles;
  /** Called when a stored message is to end the running run of its session. Default: the worker finds out by itself. */
  onInterrupt?: (() => void) | undefined;
}

/** The sender of a message. It is determined by the server, never by the message itself. */
export interface Sender {
  /**
   * True for a person with a key, and for one of an integration's people whom the operator has allowed; else false for an
   * integration, a process or a webhook.
   */
  fromPerson: boolean;
  /** Number of runs that led to this message; default: the number in the webhook that is being handled. */
  hops: number;
  /** Owner of the run that it starts: "integration:<id>" or "key:<id>"; null for the operator. */
  owner: string | null;
  /** The schedule that is due. */
  scheduleId?: string | undefined;
  /** For what a bot posts itself: how services show it, and the `extra_metadata` for dispatchers. */
  bot?: { author: PostAuthor; extraMetadata: JsonObject } | undefined;
}

/** The scope of a message's idempotency key, the webhook that brought it, and its sender. */
export interface Arrival {
  scope: string;
  incoming: Incoming | undefined;
  sender: Sender;
  files: ReadFile[];
}

export type Inject = ReturnType<typeof createInject>;

/** Most messages that share a look-up or a transaction. */
const BATCH = 64;
/** Most bytes of files in a transaction: each takes about ten times its size of memory until it is stored. */
const BATCH_BYTES = 4 * 1024 * 1024;

const bytesOfFiles = ({ files }: Prepared): number => files.reduce((sum, { bytes }) => sum + bytes, 0);

/** See Sessions.inject for its contract. */
export function createInject(options: InjectOptions) {
  const { db, dispatchers, sealer } = options;
  const targetsOf = createTargets(options);
  const destinationOf = createBatcher<Addressed, Destination>({
    limit: BATCH,
    run: (messages) => findDestinations(db.query, messages),
  });
  const store = createBatcher<Prepared, Outcome>({
    limit: BATCH,
    run: (items) => storeAll(options, items),
    weight: { of: bytesOfFiles, limit: BATCH_BYTES },
  });

  /** The session that is to be told of the outcome must exist. */
  const checkParent = async ({ callbackConfig }: Pick<InjectMessage, "callbackConfig">): Promise<void> => {
    const parent = callbackConfig?.parent_session_id;
    if (parent === undefined) return;
    await destinationOf({ sessionId: parent, author: undefined }).catch((error: unknown) => {
      const isGone = error instanceof HeddleError && error.code === "not_found";
      throw isGone ? notFound("session", parent, "callback_config.parent_session_id") : error;
    });
  };

  /** Accepts a message that has been checked and is storable. */
  const accept = async (
    given: Omit<InjectMessage, "sessionId">,
    destination: Destination,
    arrival: Arrival,
  ): Promise<Outcome> => {
    const message = asAllowed(given, destination);
    if (message.runAgent && !destination.has_bot) throw unknownBot(destination.bot_id);
    await checkParent(message);
    const targets = await targetsOf({ message, destination });
    const dedupeKey = dedupeKeyOf(arrival, message.idempotencyKey);
    const sender = senderAt(destination, arrival);
    const around = { ...arrival, sender, destination, targets, dedupeKey, dispatchers, sealer };
    const prepared = prepare(message, around);
    const outcome = await store(prepared);
    if (prepared.task?.when_busy === "interrupt") options.onInterrupt?.();
    recordOutcomes(arrival.incoming, [outcome]);
    return outcome;
  };

  return {
    destinationOf,
    targetsOf,
    accept,
    async inject(
      given: InjectMessage,
      scope = given.sessionId,
      sender?: Partial<Sender>,
    ): Promise<InjectResult> {
      const { attachments = [], ...plain } = given;
      const message = storableJson(plain);
      // Read before the first await: the request's context belongs to this call, not to the batch.
      const came = arrivalOf(scope, sender);
      checkMessage({ ...message, attachments });
      const arrival = { ...came, files: await options.readFiles(attachments) };
      const { sessionId } = message;
      const destination = await destinationOf({ sessionId, author: authorOf(message, came.sender) });
      const outcome = await accept(message, destination, arrival);
      return { ...resultOf(outcome), ...warningsOf(message, options.missingNames) };
    },
  };
}

/** What an allowed person writes counts as a person's, whichever integration passes it on. */
export const senderAt = (
  { is_author_allowed }: Pick<Destination, "is_author_allowed">,
  { sender }: Pick<Arrival, "sender">,
): Sender => (is_author_allowed ? { ...sender, fromPerson: true } : sender);

/** Must be called before the first await, while the request's context is current. */
export function arrivalOf(
  scope: string,
  { fromPerson = false, hops, owner = null, scheduleId, bot }: Partial<Sender> = {},
): Omit<Arrival, "files"> {
  const incoming = currentIncoming();
  const led = hops ?? Math.max(hopsSoFar(), incoming ? hopsIn(incoming.headers) : 0);
  return { scope, incoming, sender: { fromPerson, hops: led, owner, scheduleId, bot } };
}

/** Bots that answer each other would never stop: a bot's message is only stored unless its channel allows bot messages. */
export function asAllowed<Message extends Omit<InjectMessage, "sessionId">>(
  message: Message,
  { allow_bot_messages }: Pick<Destination, "allow_bot_messages">,
): Message {
  if (!message.fromBot || allow_bot_messages) return message;
  const { dispatchConfig: _target, ...kept } = message;
  return { ...kept, runAgent: false, notify: false } as unknown as Message;
}

/** Records the outcomes of messages in the webhook that brought them. */
export function recordOutcomes(incoming: Incoming | undefined, outcomes: Outcome[]): void {
  incoming?.outcomes.push(...outcomes.map(resultOf));
}

const resultOf = ({ message_id, session_id, task_id, duplicate }: Outcome): InjectResult => ({
  message_id,
  session_id,
  task_id,
  duplicate,
});

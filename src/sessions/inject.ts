// The one door in: every message of every origin becomes a row here, together with its task, its queue job and
// its inbox record, in one transaction.

import type { Database } from "../db/database.ts";
import { storableJson } from "../db/storable.ts";
import type { Dispatchers } from "../dispatch/registry.ts";
import { currentIncoming, type Incoming } from "../inbox/incoming.ts";
import { hopsSoFar } from "../led-by.ts";
import { hopsIn } from "../sdk/hops.ts";
import type { InjectMessage, InjectResult } from "../sdk/types.ts";
import { createBatcher } from "./batch.ts";
import { findPlaces, type Place } from "./find-places.ts";
import { unknownBot } from "./get-or-create.ts";
import { checkMessage, type Prepared, prepare, warningsOf } from "./prepare.ts";
import { type Outcome, type StoreOptions, storeAll } from "./store-batch.ts";
import { createTargets, type TargetsOptions } from "./targets.ts";

export interface InjectOptions extends StoreOptions, TargetsOptions {
  db: Database;
  dispatchers: Pick<Dispatchers, "get">;
}

/** Who sends a message, which is never said by the message itself. */
export interface Sender {
  /** A person with a key, not an integration, a process or a webhook. */
  fromPerson: boolean;
  /** Runs that led here; default: what the webhook says that is being handled. */
  hops: number;
  /** Whose the run is that it causes: "integration:<id>" or "key:<id>"; null: the operator's. */
  owner: string | null;
}

/** What tells a message from another one like it, which webhook it came with, and whose it is. */
export interface Arrival {
  scope: string;
  incoming: Incoming | undefined;
  sender: Sender;
}

export type Inject = ReturnType<typeof createInject>;

/** Lookups and transactions shared by messages that arrive together. */
const BATCH = 64;

/** See Sessions.inject for its contract. */
export function createInject(options: InjectOptions) {
  const { db, dispatchers, sealer } = options;
  const targetsOf = createTargets(options);
  const placeOf = createBatcher<string, Place>({ limit: BATCH, run: (ids) => findPlaces(db.query, ids) });
  const store = createBatcher<Prepared, Outcome>({ limit: BATCH, run: (items) => storeAll(options, items) });

  /** Of a message that is checked and storable. */
  const accept = async (
    given: Omit<InjectMessage, "sessionId">,
    place: Place,
    arrival: Arrival,
  ): Promise<Outcome> => {
    const message = asAllowed(given, place);
    if (message.runAgent && !place.has_bot) throw unknownBot(place.bot_id);
    const targets = await targetsOf({ message, place });
    const dedupeKey = dedupeKeyOf(arrival, message.idempotencyKey);
    const outcome = await store(
      prepare(message, { ...arrival, place, targets, dedupeKey, dispatchers, sealer }),
    );
    tellOf(arrival.incoming, [outcome]);
    return outcome;
  };

  return {
    placeOf,
    targetsOf,
    accept,
    async inject(
      given: InjectMessage,
      scope = given.sessionId,
      sender?: Partial<Sender>,
    ): Promise<InjectResult> {
      const message = storableJson(given);
      // Before the first await: the request's context belongs to this call, not to the batch.
      const arrival = arrivalOf(scope, sender);
      checkMessage(message);
      const outcome = await accept(message, await placeOf(message.sessionId), arrival);
      return { ...resultOf(outcome), ...warningsOf(message) };
    },
  };
}

/** To be called before the first await. */
export function arrivalOf(
  scope: string,
  { fromPerson = false, hops, owner = null }: Partial<Sender> = {},
): Arrival {
  const incoming = currentIncoming();
  const led = hops ?? Math.max(hopsSoFar(), incoming ? hopsIn(incoming.headers) : 0);
  return { scope, incoming, sender: { fromPerson, hops: led, owner } };
}

/** Bots that answer each other would never stop: what one wrote is kept, and no more, where its channel does not ask for it. */
export function asAllowed<Message extends Omit<InjectMessage, "sessionId">>(
  message: Message,
  { allow_bot_messages }: Pick<Place, "allow_bot_messages">,
): Message {
  if (!message.fromBot || allow_bot_messages) return message;
  const { dispatchConfig: _target, ...kept } = message;
  return { ...kept, runAgent: false, notify: false } as unknown as Message;
}

/** An event that is repeated on purpose is a new one; within it a key still counts once. */
export function dedupeKeyOf({ scope, incoming }: Arrival, key: string | undefined): string | null {
  if (key === undefined) return null;
  // A line break is what eventKey() adds by itself.
  key = key.replaceAll("\n", "\u2028");
  return incoming?.replayOf ? `${scope}:replay ${incoming.id}:${key}` : `${scope}:${key}`;
}

/** Tells the webhook that brought them what became of its messages. */
export function tellOf(incoming: Incoming | undefined, outcomes: Outcome[]): void {
  incoming?.outcomes.push(...outcomes.map(resultOf));
}

const resultOf = ({ message_id, session_id, task_id, duplicate }: Outcome): InjectResult => ({
  message_id,
  session_id,
  task_id,
  duplicate,
});

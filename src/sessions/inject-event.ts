// Injects one event of an outside place into every channel that is bound to it. Each channel has its own run, and
// each target is told about the event once.

import { storableJson } from "../db/storable.ts";
import { atOnce } from "../sdk/arguments.ts";
import type { EventResult, InjectEvent } from "../sdk/types.ts";
import type { Vault } from "../secrets/vault.ts";
import { type Author, authorOf } from "./author.ts";
import { createBatcher } from "./batch.ts";
import { dedupeKeyOf, eventKey } from "./dedupe-key.ts";
import { type Destination, type EventDestination, findEventDestinations } from "./find-destinations.ts";
import { unknownBot, type Wanted } from "./get-or-create.ts";
import {
  type Arrival,
  arrivalOf,
  asAllowed,
  type Inject,
  type InjectOptions,
  recordOutcomes,
  type Sender,
  senderAt,
} from "./inject.ts";
import { checkMessage, type Prepared, prepare, warningsOf } from "./prepare.ts";
import { type Outcome, storeEvent } from "./store-batch.ts";

export interface InjectEventOptions extends InjectOptions {
  vault: Pick<Vault, "openConfig">;
  getOrCreate: (wanted: Wanted) => Promise<{ session_id: string }>;
}

export interface EventSender extends Partial<Sender> {
  /** Throws if the sender may not use this client id. */
  mayUse?: (clientId: string) => Promise<void>;
}

interface EventPlace {
  clientId: string;
  botId: string;
  author: Author | undefined;
}

const BATCH = 64;

/** See Sessions.injectEvent for its contract. */
export function createInjectEvent(options: InjectEventOptions, { destinationOf, targetsOf, accept }: Inject) {
  const { db, dispatchers, sealer, vault, getOrCreate, log } = options;
  const destinationsOf = createBatcher<EventPlace, EventDestination[]>({
    limit: BATCH,
    run: (events) => findEventDestinations(db.query, events),
  });

  const newDestination = async (wanted: Wanted, author?: Author): Promise<Destination> =>
    destinationOf({ sessionId: (await getOrCreate(wanted)).session_id, author });

  const withSession = async (destination: EventDestination): Promise<Destination> => {
    const { session_id, client_id, bot_id, is_author_allowed } = destination;
    return session_id === null
      ? { ...(await newDestination({ clientId: client_id, botId: bot_id })), is_author_allowed }
      : { ...destination, session_id };
  };

  /** Leaves out channels whose bot was deleted, so that the others still get the event. */
  const usable = (destinations: EventDestination[], event: InjectEvent): EventDestination[] =>
    destinations.filter(({ has_bot, session_id, channel_id, bot_id }) => {
      if (has_bot || (session_id !== null && !event.runAgent)) return true;
      log.error('An event did not reach channel {channel_id}, because there is no bot "{bot_id}"', {
        channel_id,
        bot_id,
        client_id: event.clientId,
        event: event.event,
      });
      return false;
    });

  const toChannels = async (
    event: InjectEvent,
    destinations: EventDestination[],
    arrival: Arrival,
  ): Promise<Outcome[]> => {
    const { dispatchConfig, ...others } = event;
    const taken = { answers: new Set<string>(), posts: new Set<string>() };
    const key = dedupeKeyOf(arrival, event.idempotencyKey);
    const items: Prepared[] = [];
    // One after another: a target that one channel serves is not served again by the next.
    for (const found of destinations) {
      const destination = await withSession(found);
      const isFirst = items.length === 0;
      const message = asAllowed(
        isFirst && dispatchConfig ? { ...others, dispatchConfig } : others,
        destination,
      );
      const targets = await targetsOf({ message, destination, event: { clientId: event.clientId, taken } });
      const dedupeKey = isFirst || key === null ? key : eventKey(key, destination.channel_id);
      const sender = senderAt(destination, arrival);
      items.push(
        prepare(message, { ...arrival, sender, destination, targets, dedupeKey, dispatchers, sealer }),
      );
    }
    const [first, ...rest] = items;
    const outcomes = first ? await storeEvent(options, [first, ...rest]) : [];
    recordOutcomes(arrival.incoming, outcomes);
    if (items.some(({ task }) => task?.when_busy === "interrupt")) options.onInterrupt?.();
    return outcomes;
  };

  return async (given: InjectEvent, scope: string, sender?: EventSender): Promise<EventResult> => {
    const { attachments = [], ...plain } = given;
    const event = storableJson(plain);
    // Read before the first await, as in inject().
    const came = arrivalOf(scope, sender);
    checkMessage({ ...event, attachments });
    const arrival = { ...came, files: await options.readFiles(attachments) };
    const warnings = warningsOf(event, options.missingNames);
    const author = authorOf(event, came.sender);
    const known = await destinationsOf({ clientId: event.clientId, botId: event.botId, author });
    const bound = known.filter(({ binding_id }) => binding_id !== null);
    const [own] = known;
    if (bound.length === 0) {
      const { clientId, botId } = event;
      const destination = own
        ? await withSession(own)
        : await newDestination({ clientId, botId, owner: sender?.owner ?? null }, author);
      // Another sender may have created it meanwhile, who would read the event.
      await sender?.mayUse?.(clientId);
      return {
        status: "processed",
        bound: false,
        results: [{ ...(await accept(event, destination, arrival)), ...warnings }],
      };
    }
    const passing = bound.filter((destination) => letsThrough(destination, event, vault));
    if (passing.length === 0) return { status: "filtered", bound: true, results: [] };
    const destinations = usable(passing, event);
    const [gone] = passing;
    if (destinations.length === 0 && gone) throw unknownBot(gone.bot_id);
    const results = await toChannels(event, destinations, arrival);
    return {
      status: "processed",
      bound: true,
      results: results.map((result) => ({ ...result, ...warnings })),
    };
  };
}

function letsThrough(
  { channel_id, event_filter, binding_id, binding_config }: EventDestination,
  { event, matches }: InjectEvent,
  vault: Pick<Vault, "openConfig">,
): boolean {
  if (event_filter && !event_filter.includes(event)) return false;
  if (matches === undefined) return true;
  const at = { table: "channel_bindings", row: binding_id ?? "", field: "config" };
  const config = vault.openConfig(binding_config ?? {}, at);
  return atOnce("The matches of injectEvent()", matches({ channel_id, event_filter, config }));
}

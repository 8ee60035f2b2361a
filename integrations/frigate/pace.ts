// Keeps a busy camera from waking a bot all day: a pause after each message, and a limit for each hour. Both are spent only when a
// message has been stored, so that what is filtered, or fails, does not silence what comes next.

import { store } from "heddle/sdk";
import { settings } from "./config.ts";
import { type Held, holdBack } from "./held.ts";
import { numberFor } from "./per-camera.ts";
import type { Sighting } from "./sighting.ts";

const HOUR_MS = 3_600_000;
const DAY_SECONDS = 86_400;

interface Paced {
  /** When the bot was told, in milliseconds since 1970; those of the last hour. */
  told: number[];
  /** What has been held back since. Earlier versions kept only a number. */
  held?: Held | number;
}

/** Where only other cameras have a pace of their own. */
const COOLDOWN_S = 300;
const MOST_PER_HOUR = 20;

const keyOf = (camera: string): string => `pace:${camera}`;

/** Whether the bot may be told of this sighting at the camera now; if not, it counts as held back, once. */
export async function mayTell(sighting: Sighting, now: number): Promise<boolean> {
  const { camera, kind, id } = sighting;
  const { told, held } = await read(camera);
  const last = told.at(-1);
  const { FRIGATE_MQTT_COOLDOWN: cooldown, FRIGATE_MOST_PER_HOUR: most } = settings;
  const isTooSoon = last !== undefined && now - last < numberFor(camera, cooldown, COOLDOWN_S) * 1000;
  const isTooMuch = told.filter((at) => now - at < HOUR_MS).length >= numberFor(camera, most, MOST_PER_HOUR);
  if (!isTooSoon && !isTooMuch) return true;
  // It may be reported again while it goes on.
  if (await isFirst(`held:${kind}:${id}`))
    await write(camera, { told, held: holdBack(known(held), sighting) });
  return false;
}

/** What the bot was told of a sighting, and the runs that answer it. Earlier versions kept only that it was told. */
export interface ToldOf {
  tasks: string[];
  objects: string[];
  subLabels: string[];
  zones: string[];
  /** What has been added to the answers. */
  added: string;
}

/** What the bot was told of this sighting for this reason; undefined: nothing yet. */
export const toldOf = (sighting: string, reason: string): Promise<ToldOf | true | undefined> =>
  store.get<ToldOf | true>(keyOfTold(sighting, reason));

export const keepTold = (sighting: string, reason: string, told: ToldOf): Promise<void> =>
  store.set(keyOfTold(sighting, reason), { ...told }, { ttlSeconds: DAY_SECONDS });

const keyOfTold = (sighting: string, reason: string): string => `told:${sighting}:${reason}`;

/** What has been held back since the bot was last told. */
export const heldBack = async (camera: string): Promise<Held | undefined> => known((await read(camera)).held);

const known = (held: Paced["held"]): Held | undefined => (typeof held === "object" ? held : undefined);

/** The bot has been told of something at the camera. */
export async function spend(camera: string, now: number): Promise<void> {
  const { told } = await read(camera);
  await write(camera, { told: [...told.filter((at) => now - at < HOUR_MS), now] });
}

async function isFirst(key: string): Promise<boolean> {
  if ((await store.get(key)) !== undefined) return false;
  await store.set(key, true, { ttlSeconds: DAY_SECONDS });
  return true;
}

// Only one listener and a few webhooks write, so the worst that can happen is a count that is one too low.
const read = async (camera: string): Promise<Paced> =>
  (await store.get<Paced>(keyOf(camera))) ?? { told: [] };
const write = (camera: string, paced: Paced): Promise<void> =>
  store.set(keyOf(camera), { ...paced }, { ttlSeconds: DAY_SECONDS });

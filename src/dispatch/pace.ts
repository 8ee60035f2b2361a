// Enforces the rate that a dispatcher declares, across all servers.

import { sql } from "drizzle-orm";
import { type Database, rowsOf } from "../db/database.ts";
import type { DispatchRate } from "../sdk/types.ts";

export interface Pace {
  /**
   * Seconds until the delivery's turn; 0 means now. The first call reserves a turn, and a caller that has to wait calls again
   * when the time is over.
   */
  secondsUntilTurn(delivery: { id: string; type: string; lane: string }, rate: DispatchRate): Promise<number>;
}

/** A turn due within less than this counts as now. */
const SLACK_SECONDS = 0.02;
/** Rows whose turn is past mean the same as no row, and there may be one for each lane, so they are removed periodically. */
const SWEEP_EVERY_MS = 60_000;
/** An unused turn is forgotten: another server has made the delivery, or it was deleted. */
const FORGOTTEN_AFTER_MS = 10 * 60_000;

export function createPace({
  db,
  now = () => performance.now(),
}: {
  db: Pick<Database, "query">;
  now?: () => number;
}): Pace {
  /** Delivery → time of its turn, oldest first. After a restart a delivery reserves another turn, which can only be later. */
  const turns = new Map<string, number>();
  let sweptAt = now();

  const forget = (): void => {
    for (const [id, turn] of turns) {
      if (turn > now() - FORGOTTEN_AFTER_MS) return;
      turns.delete(id);
    }
  };

  const sweep = async (): Promise<void> => {
    if (now() - sweptAt < SWEEP_EVERY_MS) return;
    sweptAt = now();
    await db.query.execute(sql`delete from delivery_paces where next_at < now()`);
  };

  /** Reserves the next turn of each key and returns the seconds until the latest of them. */
  async function reserve(keys: { key: string; perSecond: number }[]): Promise<number> {
    const values = keys.map(({ key, perSecond }) => sql`(${key}::text, ${1 / perSecond}::float8)`);
    const found = await db.query.execute(sql`
      insert into delivery_paces as pace (key, next_at)
      select wanted.key, now() + wanted.seconds * interval '1 second'
      from (values ${sql.join(values, sql`, `)}) as wanted (key, seconds) order by wanted.key
      on conflict (key) do update
        set next_at = greatest(pace.next_at, now()) + (excluded.next_at - now())
      returning extract(epoch from pace.next_at - now())::float8 as seconds, key`);
    const waits = rowsOf<{ seconds: number; key: string }>(found).map(({ seconds, key }) => {
      const { perSecond } = keys.find((one) => one.key === key) ?? { perSecond: 1 };
      return Number(seconds) - 1 / perSecond;
    });
    return Math.max(0, ...waits);
  }

  return {
    async secondsUntilTurn({ id, type, lane }, { perSecond, perLane }) {
      const turn = turns.get(id);
      if (turn === undefined) {
        forget();
        await sweep();
        const keys = [
          ...(perSecond === undefined ? [] : [{ key: type, perSecond }]),
          ...(perLane === undefined ? [] : [{ key: lane, perSecond: perLane }]),
        ];
        const seconds = await reserve(keys);
        if (seconds <= SLACK_SECONDS) return 0;
        turns.set(id, now() + seconds * 1000);
        return seconds;
      }
      const seconds = (turn - now()) / 1000;
      if (seconds > SLACK_SECONDS) return seconds;
      turns.delete(id);
      return 0;
    },
  };
}

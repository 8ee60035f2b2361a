// What a schedule must be like: its texts, its place, and how many there may be.

import { and, count, eq } from "drizzle-orm";
import type { Queryable } from "../db/database.ts";
import { bots, channels, schedules } from "../db/schema.ts";
import { storable } from "../db/storable.ts";
import { HeddleError, notFound } from "../errors.ts";

type Row = typeof schedules.$inferSelect;

const MOST = 1_000;
/** Without a limit, a bot that makes one in each run would never stop. */
const MOST_OF_BOT_IN_CHANNEL = 25;
const LONGEST_NAME = 200;
const LONGEST_CONTENT = 20_000;

export function textsOf<Given extends { name?: string; content?: string }>(given: Given): Given {
  return {
    ...given,
    ...(given.name !== undefined && { name: checked("name", given.name, LONGEST_NAME) }),
    ...(given.content !== undefined && { content: checked("content", given.content, LONGEST_CONTENT) }),
  };
}

function checked(field: string, text: string, longest: number): string {
  const trimmed = storable(text).trim();
  if (trimmed !== "" && trimmed.length <= longest) return trimmed;
  throw new HeddleError(
    "validation",
    `${field} must have 1 to ${longest} characters; got ${trimmed.length}.`,
    {
      field,
    },
  );
}

export async function checkPlace(
  tx: Queryable,
  { channel_id, bot_id }: Pick<Row, "channel_id" | "bot_id">,
): Promise<void> {
  const [channel] = await tx
    .select({ bot_id: channels.bot_id })
    .from(channels)
    .where(eq(channels.id, channel_id));
  if (!channel) throw notFound("channel", channel_id, "channel_id");
  if (bot_id === null) return;
  const [bot] = await tx.select({ id: bots.id }).from(bots).where(eq(bots.id, bot_id));
  if (!bot) throw new HeddleError("unknown_bot", `There is no bot "${bot_id}".`, { field: "bot_id" });
  if (channel.bot_id !== null && channel.bot_id !== bot_id) {
    throw new HeddleError("conflict", `bot_id must be "${channel.bot_id}", the channel's own bot.`, {
      field: "bot_id",
    });
  }
}

export async function checkNumber(
  tx: Queryable,
  { channel_id, bot_id, origin }: Pick<Row, "channel_id" | "bot_id" | "origin">,
): Promise<void> {
  const [{ all } = { all: 0 }] = await tx.select({ all: count() }).from(schedules);
  if (all >= MOST) throw tooMany(`A server has at most ${MOST} schedules`);
  if (origin !== "bot" || bot_id === null) return;
  const [{ own } = { own: 0 }] = await tx
    .select({ own: count() })
    .from(schedules)
    .where(
      and(eq(schedules.channel_id, channel_id), eq(schedules.bot_id, bot_id), eq(schedules.origin, "bot")),
    );
  if (own >= MOST_OF_BOT_IN_CHANNEL) {
    throw tooMany(`A bot makes at most ${MOST_OF_BOT_IN_CHANNEL} schedules in a channel`);
  }
}

const tooMany = (limit: string) => new HeddleError("conflict", `${limit}; delete one first.`);

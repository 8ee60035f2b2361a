// Writes what bots remember as files that people can read: MEMORY.md, and a note for each day. The database is what counts; the files
// are written anew after each change. What stays in one channel is not in them, because any run of the bot may read them.

import type { Database } from "../db/database.ts";
import { errorMessage } from "../errors.ts";
import type { Logger } from "../log.ts";

export interface MemoryFilesOptions {
  db: Database;
  /** Writes a file of the bot's folder in the workspace. */
  write(botId: string, path: string, content: string): Promise<unknown>;
  log: Logger;
}

export interface MemoryFiles {
  /** Has MEMORY.md of a bot and the notes of these days ("2026-11-28") written soon. */
  refresh(botId: string, days: string[]): void;
  /** Waits for what is being written. */
  close(): Promise<void>;
}

const HEADER =
  "What the bot remembers in every channel. Heddle writes this file; to change something, tell the bot, or use /api/v1/memories.";

export function createMemoryFiles({ db, write, log }: MemoryFilesOptions): MemoryFiles {
  const waiting = new Map<string, Set<string>>();
  let working: Promise<void> = Promise.resolve();

  async function refresh(botId: string, changed: Iterable<string>): Promise<void> {
    const { rows } = await db.execute(VERSIONS, [botId]);
    const days = Map.groupBy(rows, (row) => String(row.day));
    const memory = rows
      .filter((row) => row.applies === true)
      .map((row) => `- ${oneLine(row.text)} (${row.day})`);
    await write(
      botId,
      `bots/${botId}/MEMORY.md`,
      `${[`# Memory`, HEADER, memory.join("\n")].join("\n\n").trimEnd()}\n`,
    );
    for (const day of changed) {
      const learned = days.get(day) ?? [];
      const lines = learned.map(
        (row) => `- ${row.time} ${verbOf(row)}${row.text === null ? "" : `: ${oneLine(row.text)}`}`,
      );
      // What was deleted must not stay in a note; there is no tool that deletes files.
      const text = lines.length === 0 ? "(nothing)" : lines.join("\n");
      await write(botId, `bots/${botId}/notes/${day}.md`, `# ${day}\n\n${text}\n`);
    }
  }

  async function work(): Promise<void> {
    for (const [botId, days] of waiting) {
      waiting.delete(botId);
      await refresh(botId, days).catch((error) =>
        log.warn("The memory files of {bot_id} could not be written: {error}", {
          bot_id: botId,
          error: errorMessage(error),
        }),
      );
    }
  }

  return {
    refresh(botId, days) {
      waiting.set(botId, new Set([...(waiting.get(botId) ?? []), ...days]));
      working = working.then(work);
    },
    close: () => working,
  };
}

const oneLine = (text: unknown): string => String(text).replaceAll("\n", " ");

const verbOf = ({ version, text }: Record<string, unknown>): string => {
  if (text === null) return "forgot something";
  return version === 1 ? "learned" : "corrected";
};

/** Accepted versions of memories that hold everywhere. */
const VERSIONS = `
  select version, text, to_char(created_at at time zone 'UTC', 'YYYY-MM-DD') as day,
    to_char(created_at at time zone 'UTC', 'HH24:MI') as time,
    text is not null and version = max(version) over (partition by memory_id) as applies
  from memories where bot_id = $1::text and channel_id is null and status = 'accepted'
  order by created_at, id`;

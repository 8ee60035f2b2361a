// Records what bots wrote into the workspace, by path and content hash, and what a person approved. Rows are kept when
// a file is written again: until the new content has replaced it the old one is still on disk, and a copy of it may
// come back.

import { and, eq, inArray, like, max, sql } from "drizzle-orm";
import type { Database } from "../db/database.ts";
import { workspaceWrites } from "../db/schema.ts";

export interface WorkspaceFile {
  /** Relative to the workspace, with slashes: "integrations/x/router.ts". */
  path: string;
  /** SHA-256 of its bytes, hexadecimal. */
  sha256: string;
}

export interface BotWrite extends WorkspaceFile {
  botId: string;
  writtenAt: Date;
}

export interface WorkspaceWrites {
  /** Call this before the file appears. Writing content that was once approved requires approval again. */
  record(write: WorkspaceFile & { botId: string; taskId: string | null }): Promise<void>;
  /** Whether a bot has ever written exactly this content at exactly this path. */
  isOfBot(file: WorkspaceFile): Promise<boolean>;
  /**
   * Returns those files whose content was written by a bot and not approved. Content that a bot wrote elsewhere under
   * integrations/ counts, too, because folders get moved.
   */
  unapproved(files: WorkspaceFile[]): Promise<BotWrite[]>;
  /** A value that changes with every write by a bot below the folder. */
  lastWrite(folder: string): Promise<string>;
  /** Approves exactly this content at exactly these paths. All servers of the database are notified. */
  approve(writes: BotWrite[]): Promise<void>;
  /** Calls back after an approval on any server. */
  onApproved(listener: () => void): Promise<{ close(): Promise<void> }>;
}

const CHANNEL = "heddle_workspace_approvals";
const BATCH_SIZE = 500;

export function createWorkspaceWrites(db: Database): WorkspaceWrites {
  const columns = {
    path: workspaceWrites.path,
    sha256: workspaceWrites.sha256,
    botId: workspaceWrites.bot_id,
    writtenAt: workspaceWrites.written_at,
    approvedAt: workspaceWrites.approved_at,
  };

  async function unapprovedOf(files: WorkspaceFile[]): Promise<BotWrite[]> {
    const rows = await db.query
      .select(columns)
      .from(workspaceWrites)
      .where(
        inArray(
          workspaceWrites.sha256,
          files.map(({ sha256 }) => sha256),
        ),
      );
    return files.flatMap(({ path, sha256 }) => {
      const same = rows.filter((row) => row.sha256 === sha256);
      const here = same.find((row) => row.path === path);
      const found =
        here ?? same.find((row) => row.path.startsWith("integrations/") && row.approvedAt === null);
      if (!found || found.approvedAt !== null) return [];
      return [{ path, sha256, botId: found.botId, writtenAt: found.writtenAt }];
    });
  }

  return {
    async record({ path, sha256, botId, taskId }) {
      const now = sql`clock_timestamp()`;
      const row = { bot_id: botId, task_id: taskId, approved_at: null, written_at: now };
      await db.query
        .insert(workspaceWrites)
        .values({ path, sha256, ...row })
        .onConflictDoUpdate({ target: [workspaceWrites.path, workspaceWrites.sha256], set: row });
    },
    async isOfBot({ path, sha256 }) {
      const rows = await db.query
        .select({ path: workspaceWrites.path })
        .from(workspaceWrites)
        .where(and(eq(workspaceWrites.path, path), eq(workspaceWrites.sha256, sha256)));
      return rows.length > 0;
    },
    async unapproved(files) {
      const found: BotWrite[] = [];
      for (let start = 0; start < files.length; start += BATCH_SIZE)
        found.push(...(await unapprovedOf(files.slice(start, start + BATCH_SIZE))));
      return found;
    },
    async lastWrite(folder) {
      const [row] = await db.query
        .select({ at: max(sql<string>`${workspaceWrites.written_at}::text`) })
        .from(workspaceWrites)
        .where(like(workspaceWrites.path, `${folder.replace(/[\\%_]/g, "\\$&")}/%`));
      return row?.at ?? "";
    },
    async approve(writes) {
      await db.query.transaction(async (tx) => {
        for (const { path, sha256, botId } of writes) {
          const approved_at = sql`clock_timestamp()`;
          await tx
            .insert(workspaceWrites)
            .values({ path, sha256, bot_id: botId, approved_at })
            .onConflictDoUpdate({
              target: [workspaceWrites.path, workspaceWrites.sha256],
              set: { approved_at },
            });
        }
        await tx.execute(sql`select pg_notify(${CHANNEL}, '')`);
      });
    },
    onApproved: (listener) => db.listen(CHANNEL, listener, listener),
  };
}

// Reads the database of a stopped server.

import { getLogger } from "@logtape/logtape";
import { asc, eq } from "drizzle-orm";
import { openDatabase } from "../../src/db/open.ts";
import { deliveries, inboxEvents, llmCalls, messages, tasks, toolCalls } from "../../src/db/schema.ts";
import type { DatabasePlace } from "../database.ts";

export async function readStored({ home, databaseUrl }: DatabasePlace) {
  const db = await openDatabase({ home, databaseUrl, log: getLogger("heddle") });
  try {
    return {
      messages: await db.query.select().from(messages).orderBy(asc(messages.position)),
      tasks: await db.query
        .select({ task: tasks, position: messages.position, content: messages.content })
        .from(tasks)
        .innerJoin(messages, eq(messages.id, tasks.message_id))
        .orderBy(asc(messages.position)),
      deliveries: await db.query.select().from(deliveries),
      toolCalls: await db.query.select().from(toolCalls),
      llmCalls: await db.query.select().from(llmCalls),
      inbox: await db.query.select().from(inboxEvents),
      jobs: (await db.execute("select name, state from pgboss.job where state <> 'completed'")).rows,
    };
  } finally {
    await db.close();
  }
}

export type Stored = Awaited<ReturnType<typeof readStored>>;

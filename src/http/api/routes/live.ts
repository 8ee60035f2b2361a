import { Elysia } from "elysia";
import { attachmentRoutes } from "./attachments.ts";
import { type ChatRoutes, chatRoutes } from "./chat.ts";
import { type EventLogRoutes, eventLogRoutes } from "./event-log.ts";
import { type ToolResultRoutes, toolResultRoutes } from "./tool-results.ts";
import { type TraceRoutes, traceRoutes } from "./trace.ts";

/** Chat, attachments, events and traces. They are one part, because TypeScript cannot follow the type of a longer chain of routes. */
export const liveRoutes = (options: ChatRoutes & EventLogRoutes & ToolResultRoutes & TraceRoutes): Elysia =>
  new Elysia({ normalize: false })
    .use(eventLogRoutes(options))
    .use(chatRoutes(options))
    .use(attachmentRoutes(options))
    .use(toolResultRoutes(options))
    .use(traceRoutes(options)) as unknown as Elysia;

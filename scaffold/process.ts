// Heddle starts this beside the server, starts it again when it ends, and stops it with the server.

export const DESCRIPTION = "Collects reminders that are due in Acme";
/** Run in this folder. `bun` is the Heddle program itself, so nothing has to be installed. */
export const CMD = ["bun", "listener.ts"];
/** It is started when each of these settings has a value. */
export const REQUIRED_ENV = ["ACME_URL", "ACME_TOKEN"];
/** It is restarted when one of these files changes. */
export const WATCH_PATHS = ["listener.ts", "reminders.ts", "hand-over.ts", "client.ts", "config.ts"];

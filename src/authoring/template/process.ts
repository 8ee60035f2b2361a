// Heddle starts this beside the server, starts it again when it ends, and stops it with the server.

export const DESCRIPTION = "Asks Acme for new messages";
/** In this folder. `bun` is the Heddle program itself, so nothing has to be installed. */
export const CMD = ["bun", "listener.ts"];
/** It is started when each of these settings has a value. */
export const REQUIRED_ENV = ["ACME_URL", "ACME_TOKEN"];
/** It is started anew when one of these changes. */
export const WATCH_PATHS = ["listener.ts", "client.ts"];

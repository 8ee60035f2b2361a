import type { Dispatcher } from "../../sdk/types.ts";

/** The result stays in the database, where the caller polls the task for it. The outbox creates no row. */
export const noneDispatcher: Dispatcher = {
  deliver: () => ({ receipt: null }),
};

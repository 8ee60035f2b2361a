import type { Dispatcher } from "../../sdk/types.ts";

/** The result stays in the database; whoever wants it polls the task. The outbox makes no row for it. */
export const noneDispatcher: Dispatcher = {
  deliver: () => ({ receipt: null }),
};

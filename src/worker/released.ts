import { HeddleError } from "../errors.ts";

/** The abort reason of a run whose worker is stopping; its task goes back to the queue. */
export const released = new HeddleError("unavailable", "The worker is stopping.");

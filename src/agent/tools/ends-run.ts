import type { HeddleError } from "../../errors.ts";

/** Thrown by one of Heddle's own tools to end the run with this error, where anything else that it throws is its result. */
export class EndsRun extends Error {
  readonly reason: HeddleError;

  constructor(reason: HeddleError) {
    super(reason.message, { cause: reason });
    this.reason = reason;
  }
}

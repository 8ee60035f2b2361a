import { Refused } from "../refused.ts";

/** Turns a refusal into an answer that the model can act on. */
export async function orError<Result>(work: () => Promise<Result>): Promise<Result | { error: string }> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Refused) return { error: error.message };
    throw error;
  }
}

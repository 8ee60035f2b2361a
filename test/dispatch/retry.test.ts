import { describe, expect, test } from "bun:test";
import { nextOf } from "../../src/dispatch/retry.ts";
import { Permanent, Retryable } from "../../src/sdk/errors.ts";

const failure = (error: unknown) => ({ is: "failed", error, reason: "why" }) as const;
const next = (error: unknown, { tries = 1, ageSeconds = 0, random = 0.5 } = {}) =>
  nextOf(failure(error), { tries, ageSeconds }, random);
const asking = (retryAfterSeconds: unknown) =>
  Object.assign(new Retryable("slow down"), { retryAfterSeconds });

describe("the state after an attempt", () => {
  test("a receipt completes the delivery", () => {
    const outcome = { is: "delivered", receipt: 7 } as const;
    expect(nextOf(outcome, { tries: 99, ageSeconds: 1e9 }, 0)).toEqual({ status: "delivered", receipt: 7 });
  });

  test("a failed delivery is retried by the schedule, ten attempts in all", () => {
    expect(next(new Error())).toEqual({ status: "retrying", seconds: 5, reason: "why" });
    expect(next("thrown text", { tries: 9 })).toMatchObject({ seconds: 36_000 });
    expect(next(new Error(), { tries: 10 })).toEqual({ status: "dead", reason: "why" });
    expect(next(new Permanent("no"))).toEqual({ status: "dead", reason: "why" });
  });

  test("the wait that the target asks for overrides the schedule, longer or shorter, up to a day", () => {
    expect(next(asking(50), { random: 0 })).toMatchObject({ seconds: 50 });
    expect(next(asking(50), { random: 1 })).toMatchObject({ seconds: 55 });
    expect(next(asking(2), { tries: 3, random: 0 })).toMatchObject({ seconds: 2 });
    expect(next(asking(1e9))).toMatchObject({ seconds: 86_400 });
    // A target that always asks for one second must not use up all attempts within ten seconds.
    expect(next(asking(1), { tries: 4 })).toMatchObject({ seconds: 600 });
  });

  test("an invalid wait is ignored", () => {
    for (const odd of [Number.NaN, Number.POSITIVE_INFINITY, -1, 0, "soon", {}, null, undefined]) {
      const { seconds } = next(asking(odd)) as { seconds: number };
      expect([odd, seconds]).toEqual([odd, odd === Number.POSITIVE_INFINITY ? 86_400 : 5]);
    }
  });

  test("a delivery that has waited a day behind others of its target gets few attempts", () => {
    const old = { ageSeconds: 25 * 3600 };
    expect(next(new Error(), { ...old, tries: 3 })).toMatchObject({ status: "retrying" });
    expect(next(new Error(), { ...old, tries: 4 })).toMatchObject({ status: "dead" });
    expect(next(new Error(), { tries: 4 })).toMatchObject({ status: "retrying" });
  });
});

import { describe, expect, test } from "bun:test";
import { Type } from "@sinclair/typebox";
import { createDispatchers } from "../../src/dispatch/registry.ts";
import { retryDelaySeconds } from "../../src/dispatch/retry-schedule.ts";
import type { Dispatcher } from "../../src/sdk/types.ts";

const plain: Dispatcher = { deliver: () => ({ receipt: null }) };
const strict: Dispatcher = { ...plain, config: Type.Object({ room: Type.Object({ id: Type.Integer() }) }) };

describe("dispatchers", () => {
  test("a config is checked against its type, and the field is named", () => {
    const dispatchers = createDispatchers({ plain, strict });
    expect(dispatchers.check({ type: "strict", room: { id: 1 } })).toEqual({
      type: "strict",
      room: { id: 1 },
    });
    expect(dispatchers.check({ type: "plain", anything: true })).toMatchObject({ anything: true });
    const fieldOf = (config: Record<string, unknown>) => {
      try {
        dispatchers.check(config);
      } catch (error) {
        return (error as { field?: string }).field;
      }
    };
    expect(fieldOf({})).toBe("dispatch_config.type");
    expect(fieldOf({ type: "strange" })).toBe("dispatch_config.type");
    expect(fieldOf({ type: "strict", room: { id: "1" } })).toBe("dispatch_config.room.id");
  });

  test("a property with a default may be left out, is checked all the same, and is filled in nested objects, too", () => {
    const place = Type.Object({ id: Type.Integer(), tab: Type.Integer({ default: 1 }) });
    const config = Type.Object({ room: place, mode: Type.String({ default: "plain" }) });
    const dispatchers = createDispatchers({ filled: { ...plain, config } });
    const given = { room: { id: 1 } };
    expect(dispatchers.check({ type: "filled", ...given })).toEqual({ type: "filled", ...given });
    expect(dispatchers.withDefaults("filled", given)).toEqual({ room: { id: 1, tab: 1 }, mode: "plain" });
    expect(given).toEqual({ room: { id: 1 } });
    expect(dispatchers.withDefaults("filled", { mode: "rich" })).toEqual({ mode: "rich" });
    expect(() => dispatchers.check({ type: "filled", ...given, mode: 5 })).toThrow(
      "dispatch_config.mode must be a string; got a number.",
    );
    expect(() => dispatchers.check({ type: "filled" })).toThrow("dispatch_config.room is missing.");
  });

  test("an owner's types are replaced together; another owner's type is refused and nothing changes", () => {
    const dispatchers = createDispatchers({ plain });
    dispatchers.replaceOwner("chat", new Map([["one", plain]]));
    dispatchers.replaceOwner("chat", new Map([["two", strict]]));
    expect([dispatchers.get("one"), dispatchers.get("two")]).toEqual([undefined, strict]);
    const clash = new Map([
      ["three", plain],
      ["plain", strict],
    ]);
    expect(() => dispatchers.replaceOwner("chat", clash)).toThrow('already registered by "core"');
    expect([dispatchers.get("three"), dispatchers.get("two"), dispatchers.get("plain")]).toEqual([
      undefined,
      strict,
      plain,
    ]);
  });
});

test("delays grow from 5 seconds to 10 hours, with a jitter of a fifth", () => {
  const delays = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((attempt) => retryDelaySeconds(attempt, 0.5));
  expect(delays[0]).toBe(5);
  expect(delays.at(-1)).toBe(36_000);
  expect(delays).toEqual(delays.toSorted((a, b) => a - b));
  expect(retryDelaySeconds(1, 0)).toBeCloseTo(4);
  expect(retryDelaySeconds(1, 1)).toBeCloseTo(6);
});

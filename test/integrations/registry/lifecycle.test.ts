import { expect, test } from "bun:test";
import { getLogger, type Logger } from "@logtape/logtape";
import { HeddleError } from "../../../src/errors.ts";
import { createLifecycle, type LifecycleOptions } from "../../../src/integrations/registry/lifecycle.ts";
import type { RegisteredLifecycle } from "../../../src/sdk/backend.ts";
import { MissingSetting } from "../../../src/sdk/errors.ts";
import { until } from "../../until.ts";
import { harness } from "../harness.ts";

function make(options: Partial<LifecycleOptions> = {}) {
  const lines: Record<string, unknown>[] = [];
  const log = Object.assign(Object.create(getLogger("heddle")) as Logger, {
    error: (_: string, facts: Record<string, unknown>) => void lines.push(facts),
    info: (_: string, facts: Record<string, unknown>) => void lines.push({ level: "info", ...facts }),
  });
  return { lifecycle: createLifecycle({ log, folderOf: () => undefined, ...options }), lines };
}

const on = (
  event: RegisteredLifecycle["event"],
  callback: RegisteredLifecycle["callback"],
): RegisteredLifecycle => ({ event, callback });

test("a version's callback is called once when it is live, and not before", async () => {
  const { lifecycle } = make();
  const calls: string[] = [];
  const first = [on("enabled", () => calls.push("first"))];
  lifecycle.enabled("chat");
  lifecycle.replaceOwner("chat", first);
  expect(calls).toEqual([]);
  lifecycle.enabled("chat");
  lifecycle.enabled("chat");
  await until(() => calls.length);
  // A version that could not go live is withdrawn.
  lifecycle.replaceOwner("chat", [on("enabled", () => calls.push("never"))]);
  lifecycle.replaceOwner("chat", first);
  lifecycle.enabled("chat");
  lifecycle.replaceOwner("chat", [on("enabled", () => calls.push("second"))]);
  lifecycle.enabled("chat");
  await until(() => calls.length > 1);
  expect(calls).toEqual(["first", "second"]);
});

test("callbacks of an integration are called one at a time; changes in the meantime are reported together", async () => {
  const { lifecycle } = make();
  const calls: string[] = [];
  let running = 0;
  const free = Promise.withResolvers<void>();
  lifecycle.replaceOwner("chat", [
    on("enabled", async () => {
      running++;
      calls.push("enabled");
      await free.promise;
      running--;
    }),
    on("settings_changed", ({ keys }) => calls.push(`${keys.join()} ${running}`)),
  ]);
  lifecycle.replaceOwner("other", [on("enabled", () => calls.push("other"))]);
  lifecycle.enabled("chat");
  lifecycle.settingsChanged("chat", ["B"]);
  await until(() => calls.includes("enabled"));
  lifecycle.settingsChanged("chat", ["C"]);
  lifecycle.settingsChanged("chat", ["A"]);
  lifecycle.enabled("other");
  await until(() => calls.includes("other"));
  expect(calls).toEqual(["enabled", "other"]);
  free.resolve();
  await until(() => calls.length === 4);
  expect(calls.slice(2)).toEqual(["B 0", "A,C 0"]);
});

test("a callback's error is logged with its place and stops nothing; a hanging callback is given up", async () => {
  const { lifecycle, lines } = make({ timeoutMs: 20, folderOf: () => import.meta.dirname });
  let isAborted = false;
  const calls: string[] = [];
  lifecycle.replaceOwner("chat", [
    on("enabled", () => {
      throw new Error("no network");
    }),
    on("enabled", () => {
      throw Object.assign(new Error("getaddrinfo ENOTFOUND"), {
        code: "ENOTFOUND",
        hostname: "chat.example",
      });
    }),
    on("enabled", () => {
      throw new MissingSetting("CHAT_URL");
    }),
    on("enabled", () => {
      throw new HeddleError("unavailable", "The room is closed", { field: "room" });
    }),
    on("enabled", ({ signal }) => {
      signal.addEventListener("abort", () => {
        isAborted = true;
      });
      return new Promise(() => {});
    }),
    on("enabled", () => calls.push("the last")),
  ]);
  lifecycle.enabled("chat");
  await until(() => calls.length);
  expect(lines[0]).toMatchObject({ callback: "onEnabled", id: "chat", reason: "no network" });
  expect(String(lines[0]?.place)).toMatch(/\/lifecycle\.test\.ts:\d+$/);
  expect(lines[1]?.reason).toContain("chat.example");
  // Nobody has set it up yet.
  expect(lines[2]).toMatchObject({ level: "info", reason: "The setting CHAT_URL is not set" });
  expect(lines[3]).toMatchObject({
    id: "chat",
    reason: "The room is closed",
    cause: expect.any(HeddleError),
  });
  expect(lines[4]).toMatchObject({ reason: "It took longer than 0.02 seconds." });
  expect(isAborted).toBe(true);
});

test("after closing, or once the integration is removed, nothing is called", async () => {
  const { lifecycle, lines } = make();
  const calls: string[] = [];
  const callbacks = (name: string) => [on("settings_changed", () => calls.push(name))];
  lifecycle.replaceOwner("gone", callbacks("gone"));
  lifecycle.settingsChanged("gone", ["A"]);
  lifecycle.replaceOwner("gone", []);
  let wasAborted: unknown;
  lifecycle.replaceOwner("chat", [
    on("enabled", ({ signal }) => {
      calls.push("chat");
      signal.addEventListener("abort", () => {
        wasAborted = true;
      });
      return new Promise(() => {});
    }),
    ...callbacks("late"),
  ]);
  lifecycle.enabled("chat");
  await until(() => calls.length);
  await lifecycle.close();
  lifecycle.settingsChanged("chat", ["A"]);
  await Bun.sleep(0);
  expect([calls, wasAborted, lines]).toEqual([["chat"], true, []]);
});

test("an integration registers callbacks, knows its address, and is notified of each version", async () => {
  const marks = (globalThis as { marks?: unknown[] }).marks ?? [];
  (globalThis as { marks?: unknown[] }).marks = marks;
  const hooks = (version: number) =>
    `import { onEnabled, onSettingsChanged, server } from "heddle/sdk";
     onEnabled(() => globalThis.marks.push([${version}, server.baseUrl, server.webhookUrl()]));
     onSettingsChanged(({ keys }) => globalThis.marks.push(keys));`;
  await using folder = await harness({
    "chat/hooks.ts": hooks(1),
    "chat/setup.ts": `export const SETUP = { webhook: { path: "/webhook/updates" } };`,
  });
  folder.integrations.onChange((id, event) => event === "live" && folder.lifecycle.enabled(id));
  await folder.integrations.loadAll();
  await until(() => marks.length === 1);
  folder.lifecycle.settingsChanged("chat", ["CHAT_TOKEN"]);
  await until(() => marks.length === 2);
  await folder.write({ "chat/hooks.ts": hooks(2) });
  await folder.integrations.reload("chat");
  await until(() => marks.length === 3);
  const url = "https://heddle.example/integrations/chat/webhook/updates";
  expect(marks).toEqual([
    [1, "https://heddle.example", url],
    ["CHAT_TOKEN"],
    [2, "https://heddle.example", url],
  ]);
});

test("a change is told, however shortly after the last callback it comes", async () => {
  const told: string[] = [];
  for (let steps = 0; steps < 30; steps++) {
    const { lifecycle } = make();
    lifecycle.replaceOwner("chat", [
      on("settings_changed", ({ keys }) => told.push(`${steps} ${keys.join()}`)),
    ]);
    lifecycle.settingsChanged("chat", ["A"]);
    for (let step = 0; step < steps; step++) await undefined;
    lifecycle.settingsChanged("chat", ["B"]);
    await until(() => told.some((one) => one.startsWith(`${steps} `) && one.endsWith("B")));
  }
});

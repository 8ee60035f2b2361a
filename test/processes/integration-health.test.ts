// How integrations were on each day, on a clock of the test.

import { expect, test } from "bun:test";
import type { IntegrationView } from "../../src/integrations/registry/view.ts";
import { createIntegrationHealth } from "../../src/processes/integration-health.ts";
import { eachDatabase } from "../database.ts";

type Facts = Pick<IntegrationView, "id" | "enabled" | "isLive" | "error">;

eachDatabase("days of integrations", (open) => {
  test("time live and not live is added up; a load that fails counts once, and what nobody wanted counts as nothing", async () => {
    let at = Date.parse("2026-11-28T23:59:00Z");
    const fine = { enabled: true, isLive: true, error: null };
    let all: Facts[] = [
      { id: "loom", ...fine },
      { id: "off", ...fine, enabled: false },
      { id: "waits", ...fine, isLive: false },
    ];
    const failures: unknown[] = [];
    const health = createIntegrationHealth({
      db: await open(),
      integrations: { list: () => all as IntegrationView[] },
      now: () => at,
      onError: (error) => void failures.push(error),
    });
    // What is seen counts from then on.
    const pass = (seconds: number) => {
      for (let second = 0; second < seconds; second += 5) {
        at += 5_000;
        health.look();
      }
    };
    const loomIs = (facts: Partial<Facts>) => {
      all = [{ id: "loom", ...fine, ...facts }, ...all.slice(1)];
    };
    health.look();
    pass(20);
    // Its last good version answers meanwhile.
    loomIs({ error: { reason: "';' expected" } });
    pass(10);
    loomIs({ error: { reason: "')' expected" } });
    pass(10);
    // Nothing answers.
    loomIs({ isLive: false, error: { reason: "No such file" } });
    pass(10);
    loomIs({});
    pass(20);
    loomIs({ isLive: false, error: { reason: "No such package" } });
    pass(5);
    all = [];
    pass(30);
    await health.flush();
    expect(await health.of("loom")).toEqual([
      {
        ...{ day: "2026-11-29", up_seconds: 20, down_seconds: 5, incidents: 1 },
        last_error: "No such package",
      },
      {
        ...{ day: "2026-11-28", up_seconds: 45, down_seconds: 10, incidents: 1 },
        last_error: "';' expected",
      },
    ]);
    for (const id of ["off", "waits"]) expect(await health.of(id)).toEqual([]);
    expect(failures).toEqual([]);
  });
});

import { expect, test } from "bun:test";
import { setupStatus } from "../../../src/integrations/registry/status.ts";
import { effectiveSetting } from "../../../src/integrations/settings/effective-setting.ts";

const status = (options: {
  required?: string[];
  withDefault?: string[];
  set?: string[];
  missing?: boolean;
  view?: "ready" | "loading" | "quarantined" | "disabled" | "pending_approval";
}) =>
  setupStatus({
    view: { status: options.view ?? "ready" },
    settings: ["A", "B", "C"].map((key) => ({
      key,
      required: options.required?.includes(key) ?? false,
      default: options.withDefault?.includes(key) ? "x" : null,
      secret: false,
      description: null,
      schema: { type: "string" },
    })),
    effective: (setting) =>
      effectiveSetting(setting, {
        stored: options.set?.includes(setting.key) ? "y" : undefined,
        environment: () => undefined,
      }),
    dependencies: [{ installed: true }, { installed: !options.missing }],
  });

test("the status shows how far an integration is set up", () => {
  expect(status({})).toBe("ready");
  expect(status({ missing: true })).toBe("partial");
  expect(status({ required: ["A", "B"] })).toBe("not_configured");
  expect(status({ required: ["A", "B"], set: ["C"] })).toBe("not_configured");
  expect(status({ required: ["A", "B"], set: ["A"] })).toBe("partial");
  expect(status({ required: ["A", "B"], set: ["A", "B"] })).toBe("ready");
  expect(status({ required: ["A", "B"], set: ["A"], withDefault: ["B"] })).toBe("ready");
  expect(status({ required: ["A", "B"], set: ["A", "B"], missing: true })).toBe("partial");
});

test("not being live, or not being up to date, takes precedence", () => {
  for (const view of ["loading", "quarantined", "disabled", "pending_approval"] as const) {
    expect(status({ view, required: ["A"], missing: true })).toBe(view);
  }
});

import { expect, test } from "bun:test";
import { testConnection } from "../../src/integrations/registry/test-connection.ts";
import type { IntegrationMeta } from "../../src/sdk/types.ts";

const withTest = (run: NonNullable<IntegrationMeta["testConnection"]>) => ({
  id: "mine",
  isLive: true,
  meta: { integrationType: "mine", clientIdPrefix: "mine:", testConnection: run },
});

test("a service that never answers ends the test, and the signal says so to the integration", async () => {
  let seen: AbortSignal | undefined;
  const integration = withTest(({ signal }) => {
    seen = signal;
    return new Promise(() => {});
  });
  expect(await testConnection(integration, { timeoutMs: 20 })).toEqual({
    ok: false,
    message: "There was no answer within 0.02 seconds.",
  });
  expect(seen?.aborted).toBe(true);
});

test("whatever the integration returns or throws becomes a short sentence", async () => {
  const said = async (value: unknown) => (await testConnection(withTest(() => value as string))).message;
  expect(await said(undefined)).toBe("It works.");
  expect(await said(" ")).toBe("It works.");
  expect((await said("x".repeat(2_000))).length).toBeLessThan(510);
  const thrown = await testConnection(
    withTest(() => {
      throw "no error object";
    }),
  );
  expect(thrown).toEqual({ ok: false, message: "no error object" });
});

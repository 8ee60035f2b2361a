import { expect, test } from "bun:test";
import { testConnection } from "../../src/integrations/registry/test-connection.ts";
import type { IntegrationMeta } from "../../src/sdk/types.ts";

const redact = (text: string) => text.replaceAll("secret-1", "[redacted]");
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
  expect(await testConnection(integration, { redact, timeoutMs: 20 })).toEqual({
    ok: false,
    message: "There was no answer within 0.02 seconds.",
  });
  expect(seen?.aborted).toBe(true);
});

test("whatever the integration returns or throws becomes a short sentence", async () => {
  const said = async (value: unknown) =>
    (
      await testConnection(
        withTest(() => value as string),
        { redact },
      )
    ).message;
  expect(await said(undefined)).toBe("It works.");
  expect(await said(" ")).toBe("It works.");
  expect((await said("x".repeat(2_000))).length).toBeLessThan(510);
  const thrown = await testConnection(
    withTest(() => {
      throw "no error object";
    }),
    { redact },
  );
  expect(thrown).toEqual({ ok: false, message: "no error object" });
});

test("a secret is replaced also where the sentence is cut within it", async () => {
  for (let before = 485; before <= 500; before++) {
    const text = `${"x".repeat(before)}secret-1 and more`;
    for (const run of [async () => text, () => Promise.reject(new Error(text))]) {
      const { message } = await testConnection(withTest(run), { redact });
      expect(message).not.toContain("s");
    }
  }
});

import { afterEach, expect, test } from "bun:test";
import { createSdk } from "../../src/sdk/create.ts";
import { createEnvironmentBackend } from "../../src/sdk/environment.ts";
import { testSeam } from "../../src/sdk/test-seam.ts";
import { registered, runEnabled, runSettingsChanged, useServer } from "../../src/sdk/testing.ts";

afterEach(() => {
  useServer(undefined);
  testSeam().registered.lifecycle.length = 0;
});

test("a process learns its server's address from its environment", () => {
  const process = { HEDDLE_BASE_URL: "https://heddle.example", HEDDLE_INTEGRATION_ID: "chat" };
  const { server } = createSdk(createEnvironmentBackend({ ...process, HEDDLE_WEBHOOK_PATH: "/webhook/in" }));
  expect(server.baseUrl).toBe("https://heddle.example");
  expect(server.webhookUrl()).toBe("https://heddle.example/integrations/chat/webhook/in");
  expect(server.webhookUrl("/webhook/other")).toBe("https://heddle.example/integrations/chat/webhook/other");
  // With the prefix, as in a manifest.
  expect(server.webhookUrl("/integrations/chat/a")).toBe("https://heddle.example/integrations/chat/a");
  expect(createSdk(createEnvironmentBackend(process)).server.webhookUrl()).toEndWith(
    "/integrations/chat/webhook",
  );
  expect(() => server.webhookUrl("webhook")).toThrow('must begin with "/"; got "webhook"');
});

test("an unknown address is undefined", () => {
  const { server } = createSdk(createEnvironmentBackend({ HEDDLE_INTEGRATION_ID: "chat" }));
  expect([server.baseUrl, server.webhookUrl()]).toEqual([null, null]);
});

test("a test sets the server's facts and calls the callbacks", async () => {
  const { server, onEnabled, onSettingsChanged } = createSdk(createEnvironmentBackend({}));
  const said: unknown[] = [];
  await expect(runEnabled()).rejects.toThrow("onEnabled() has not been called");
  onEnabled(({ signal }) => said.push([server.webhookUrl(), signal.aborted]));
  onSettingsChanged(({ keys }) => said.push(keys));
  useServer({ baseUrl: "https://h.example", integrationId: "chat" });
  await runEnabled();
  await runSettingsChanged(["CHAT_TOKEN"]);
  expect(said).toEqual([["https://h.example/integrations/chat/webhook", false], ["CHAT_TOKEN"]]);
  expect(registered().lifecycle.map(({ event }) => event)).toEqual(["enabled", "settings_changed"]);
  expect(() => onEnabled("now" as never)).toThrow("The argument of onEnabled() must be a function");
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { registered } from "heddle/sdk/testing";
import "../hooks.ts";

test("places and people of Acme have names", async () => {
  const { integration } = registered();
  assert.equal(integration?.clientIdPrefix, "acme:");
  assert.deepEqual(await integration?.resolveDisplayNames?.([{ id: "c1", client_id: "acme:ops" }]), {
    c1: "#ops",
  });
  assert.deepEqual(integration?.userAttribution?.({ display_name: "Ada", integration_config: {} }), {
    username: "Ada",
  });
  // @if dispatcher
  assert.deepEqual(await integration?.resolveDispatchConfig?.("acme:ops"), { type: "acme", room: "ops" });
  // @end
});

test("calls of tools are heard", () => {
  assert.deepEqual(
    registered().hooks.map(({ event }) => event),
    ["after_tool_call"],
  );
});

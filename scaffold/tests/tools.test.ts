import assert from "node:assert/strict";
import { after, test } from "node:test";
import { fakeFetch, toolContext, useSettings } from "heddle/sdk/testing";
import { getRoom } from "../tools/get_room.ts";

const service = fakeFetch(({ url }) =>
  url.endsWith("/rooms/ops")
    ? Response.json({ topic: "Servers", on_call: "Ada", secret: "not for the model" })
    : new Response(null, { status: 404 }),
);
after(() => service.restore());
useSettings({ ACME_URL: "https://acme.example", ACME_TOKEN: "of the test" });

test("a room has a topic and somebody on call", async () => {
  assert.deepEqual(await getRoom({ room: "ops" }, toolContext()), { topic: "Servers", on_call: "Ada" });
  assert.equal(service.requests[0]?.headers.get("authorization"), "Bearer of the test");
});

test("a room that there is not is an error that the model can act on", async () => {
  const { error } = (await getRoom({ room: "nowhere" }, toolContext())) as { error: string };
  assert.match(error, /nowhere/);
});

test("the model is told what the tool takes", () => {
  assert.equal(getRoom._tool_schema.function.name, "acme_get_room");
});

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { fakeFetch, toolContext, useSettings } from "heddle/sdk/testing";
import { getEvents } from "../tools/look.ts";
import { eventClip, eventSnapshot, recordingClip } from "../tools/media.ts";

const jpeg = Buffer.from([0xff, 0xd8, 0xff, 0xd9]);
let asked = 0;
const service = fakeFetch(({ url, headers }) => {
  const { pathname } = new URL(url);
  if (pathname === "/api/login")
    return new Response(null, { headers: { "set-cookie": "frigate_token=jwt; HttpOnly; Path=/" } });
  if (headers.get("authorization") !== "Bearer jwt") return new Response(null, { status: 401 });
  if (pathname.endsWith("/snapshot.jpg") && pathname.includes("known")) return new Response(jpeg);
  if (pathname.includes("late") && ++asked > 1) return new Response(jpeg);
  if (pathname.endsWith("/clip.mp4")) return new Response(Buffer.alloc(2_000));
  if (pathname === "/api/events") return Response.json([]);
  return new Response(null, { status: 404 });
});
after(() => service.restore());
useSettings({ FRIGATE_URL: "https://frigate.example/", FRIGATE_USER: "bot", FRIGATE_PASSWORD: "secret" });

test("a picture is shown to the model, and goes with the answer", async () => {
  const shown = (await eventSnapshot({ event_id: "known-1" }, toolContext())) as {
    injected_images: { base64: string }[];
    client_action: { type: string };
  };
  assert.equal(shown.injected_images[0]?.base64, jpeg.toString("base64"));
  assert.equal(shown.client_action.type, "upload_image");
});

test("a picture that Frigate has not made yet is waited for, if its event has just begun", async () => {
  const now = Date.now() / 1000;
  const shown = await eventSnapshot({ event_id: `${now}-late` }, toolContext());
  assert.ok("injected_images" in (shown as object));
  assert.equal(asked, 2);
  asked = 0;
  const old = await eventSnapshot({ event_id: `${now - 3_600}-late` }, toolContext());
  assert.ok("error" in (old as object));
});

test("a picture that there is not is an error that the model can act on", async () => {
  assert.deepEqual(await eventSnapshot({ event_id: "other" }, toolContext()), {
    error: "Frigate has no picture of event other.",
  });
});

test("a clip above the limit is not fetched, and one that is too long is not asked for", async () => {
  useSettings({ FRIGATE_MAX_CLIP_BYTES: "1000" });
  await assert.rejects(
    async () => eventClip({ event_id: "known-1" }, toolContext()),
    /larger than 1000 bytes/,
  );
  const day = { camera: "door", start_time: "2026-01-01T00:00:00Z", end_time: "2026-01-02T00:00:00Z" };
  assert.match(((await recordingClip(day, toolContext())) as { error: string }).error, /600 seconds/);
});

test("times are sent as Frigate wants them", async () => {
  const { next_before } = (await getEvents({ after: "2026-01-01T00:00:00Z" }, toolContext())) as {
    next_before: null;
  };
  assert.equal(next_before, null);
  assert.equal(new URL(service.requests.at(-1)?.url ?? "").searchParams.get("after"), "1767225600");
});

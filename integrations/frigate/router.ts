import { Elysia, verifyBearer } from "heddle/sdk";
import { settings } from "./config.ts";
import { readMessage } from "./sighting.ts";
import { tell } from "./tell.ts";

/** For a bridge that posts Frigate's messages over HTTP, where MQTT cannot be reached. */
export const router = new Elysia().post(
  "/webhook",
  async ({ request, set }) => {
    const { body } = await verifyBearer(request, settings.FRIGATE_WEBHOOK_TOKEN);
    let payload: unknown;
    try {
      payload = JSON.parse(body);
    } catch {
      set.status = 400;
      return {
        error: { code: "bad_request", message: "The body must be JSON, as Frigate sends it over MQTT." },
      };
    }
    const isReview =
      typeof (payload as { after?: { severity?: unknown } } | null)?.after?.severity === "string";
    const sighting = readMessage(isReview ? "review" : "event", payload);
    return sighting ? tell(sighting) : { status: "ignored", reason: "unhandled" };
  },
  { parse: "none" },
);

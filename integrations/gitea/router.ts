import { Elysia, verifyHmac } from "heddle/sdk";
import { settings } from "./config.ts";
import { rememberRepository } from "./missed.ts";
import { take } from "./take.ts";

// `parse: "none"`, because the signature covers the bytes of the body, so nothing may read them first.
export const router = new Elysia().post(
  "/webhook",
  async ({ request, status }) => {
    const secret = [settings.GITEA_WEBHOOK_SECRET, settings.GITEA_OLD_WEBHOOK_SECRET];
    // Forgejo sends the same signature under this name.
    const { body } = await verifyHmac(request, { secret, header: "x-gitea-signature" });
    const payload = objectIn(body);
    const event = request.headers.get("x-gitea-event") ?? "";
    if (!payload || event === "") {
      const message = "A webhook must be a JSON object, with its event in the header X-Gitea-Event.";
      return status(400, { error: { code: "bad_request", message } });
    }
    await rememberRepository(event, payload);
    return take(event, payload);
  },
  { parse: "none" },
);

function objectIn(body: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

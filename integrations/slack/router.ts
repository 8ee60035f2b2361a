import { Elysia, server, t, verifySlack } from "heddle/sdk";
import { appManifest } from "./app-manifest.ts";
import { settings } from "./config.ts";
import { noteRetry } from "./look-for-missed.ts";
import { receiveAny } from "./receive-any.ts";

// `parse: "none"`, because the signature covers the bytes of the body. Slack's events, slash commands and buttons all come here.
export const router = new Elysia()
  .post(
    "/webhook",
    async ({ request }) => {
      const { payload } = await verifySlack(request, settings.SLACK_SIGNING_SECRET);
      if (request.headers.has("x-slack-retry-num")) await noteRetry();
      return receiveAny(payload);
    },
    { parse: "none" },
  )
  .get(
    "/app-manifest",
    ({ query, status }) => {
      const url = query.transport === "http" ? server.webhookUrl() : null;
      if (query.transport === "http" && !url?.startsWith("https://"))
        return status(409, {
          error: {
            code: "conflict",
            message:
              "Set BASE_URL to the https address of this server, so that the manifest can say where Slack has to send; Slack takes no other.",
          },
        });
      return new Response(appManifest(query.name ?? "Heddle", url), {
        headers: { "content-type": "text/plain; charset=utf-8" },
      });
    },
    {
      query: t.Object({
        transport: t.Optional(t.Union([t.Literal("socket"), t.Literal("http")])),
        name: t.Optional(t.String({ minLength: 1, maxLength: 35 })),
      }),
    },
  );

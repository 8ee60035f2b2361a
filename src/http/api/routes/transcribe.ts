import { Elysia, t } from "elysia";
import { PCM, readRecording } from "../../../transcription/audio.ts";
import type { Transcription } from "../../../transcription/transcription.ts";
import { readBody } from "../../gateway/read-body.ts";
import { failures, type RouteOptions } from "../route-options.ts";

const MAX_BYTES = 25 * 1024 * 1024;

const BINARY = { schema: { type: "string" as const, format: "binary" } };

export function transcribeRoutes({
  transcription,
  route,
}: {
  transcription: Transcription;
  route: RouteOptions;
}) {
  const { detail, ...options } = route.plain({
    scope: "chat:write",
    tag: "Transcription",
    summary: "Transcribe a recording",
    description: `The body is an audio file of up to 25 MB, or raw samples: float32, little-endian, 16 kHz, mono, ${PCM.minSeconds} to ${PCM.maxSeconds} seconds.`,
  });
  return new Elysia({ prefix: "/api/v1/transcribe", normalize: false }).post(
    "",
    async ({ request }) => {
      const bytes = await readBody(request, { limit: MAX_BYTES });
      const recording = readRecording(request.headers.get("content-type"), bytes);
      return { text: await transcription.transcribe(recording, { source: "api", signal: request.signal }) };
    },
    {
      ...options,
      parse: "none",
      detail: {
        ...detail,
        requestBody: {
          required: true,
          content: { "application/octet-stream": BINARY, "audio/*": BINARY },
        },
      },
      response: {
        200: t.Object({ text: t.String({ description: "The transcript." }) }),
        ...failures(400, 402, 403, 413, 415, 501, 502),
      },
    },
  );
}

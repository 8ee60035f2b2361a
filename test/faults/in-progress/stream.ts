// A client reads a stream. After the restart it gets the rest with the place that it had last.

import { expect } from "bun:test";
import type { ServerResponse } from "node:http";
import { readEvents, type SentEvent } from "../../events/sse.ts";
import { until } from "../../until.ts";
import { delta, lastText, type Part, post, type Running, spoken } from "./part.ts";

const STORY = "Tell me a story";

export function stream(): Part {
  /** Answers that the model has begun. */
  const open: ServerResponse[] = [];
  let before: SentEvent[] = [];
  const follow = async (server: Running, place?: string) =>
    readEvents(
      await post(
        server,
        "/chat/stream",
        { message: STORY, client_id: "web:anna" },
        { ...(place !== undefined && { "last-event-id": place }) },
      ),
    );
  return {
    answer(asked, response) {
      if (!lastText(asked).includes(STORY)) return false;
      response.write(delta({ content: "Once upon " }));
      open.push(response);
      return true;
    },
    async begin(server) {
      before = await (await follow(server)).until(({ event }) => event === "text_delta");
      expect(before.map(({ event }) => event)).toEqual(["accepted", "started", "text_delta"]);
    },
    async check(server) {
      const rest = await follow(server, before.at(-1)?.id);
      const again = rest.until(({ event }) => event === "text_delta");
      await until(() => open.length === 2);
      const seen = await again;
      expect(seen.map(({ event }) => event).filter((event) => event !== "queued")).toEqual([
        "text_reset",
        "started",
        "text_delta",
      ]);
      expect(seen.find(({ event }) => event === "started")?.data.attempt).toBe(2);
      open[1]?.end(spoken("a time."));
      const last = await rest.until(({ event }) => event === "response");
      expect(last.at(-1)?.data).toMatchObject({ status: "complete", text: "Once upon a time." });
      const shown = [...seen.slice(seen.findIndex(({ event }) => event === "text_reset")), ...last];
      const text = shown.flatMap(({ event, data }) => (event === "text_delta" ? [data.text] : [])).join("");
      expect(text).toBe("Once upon a time.");
      // The message was sent once, whatever the second request said.
      expect(open).toHaveLength(2);
    },
  };
}

// A model writes the summary of a long conversation.

import { expect } from "bun:test";
import { until } from "../../until.ts";
import { ask } from "../process.ts";
import { type Asked, lastText, type Part, posted, spoken } from "./part.ts";

const isSummary = ({ messages }: Asked): boolean =>
  (messages[0]?.content ?? "").startsWith("You keep the notes of an agent");

export function compaction(): Part {
  const asked: Asked[] = [];
  /** Whether requests for a summary get no answer. */
  let stalls = true;
  let session = "";
  const waiting: string[] = [];
  return {
    environment: { CONTEXT_WINDOW: "3000" },
    answer(given, response) {
      if (!isSummary(given) && !lastText(given).includes("count on and on")) return false;
      asked.push(given);
      if (!isSummary(given) || !stalls) response.end(spoken(isSummary(given) ? "They counted." : "Noted."));
      return true;
    },
    async begin(server) {
      const made = await posted(server, "/sessions", { bot_id: "default", client_id: "kill:1" });
      session = made.session_id;
      // One of them makes the conversation too long.
      for (let turn = 1; turn <= 10; turn++) {
        const content = `${turn}: ${"count on and on, ".repeat(90)}`;
        const { task_id } = await posted(server, `/sessions/${session}/messages`, {
          content,
          run_agent: true,
        });
        waiting.push(task_id);
      }
      await until(() => asked.some(isSummary), Boolean, { withinSeconds: 60 });
    },
    async whileDown() {
      stalls = false;
    },
    async check({ url }) {
      for (const id of waiting) {
        const task = await until(
          () => ask(url, `/api/v1/tasks/${id}`),
          ({ status }) => status === "complete" || status === "failed",
          { withinSeconds: 60 },
        );
        expect(task).toMatchObject({ status: "complete", result: "Noted." });
      }
      const messages = await ask(url, `/api/v1/sessions/${session}/messages?limit=100`);
      expect(messages.map(({ role }: { role: string }) => role)).toHaveLength(20);
      const last = asked.filter((one) => !isSummary(one)).at(-1)?.messages ?? [];
      expect(last[1]?.content).toContain("They counted.");
    },
  };
}

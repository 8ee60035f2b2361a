// ntfy: topics whose messages go to the bot, each of which is one conversation.

import { startCuttingProxy } from "../../fakes/cutting-proxy.ts";
import { createFakeNtfy, type FakeNotification } from "../../fakes/ntfy.ts";
import type { ChatDriver, Said } from "../driver.ts";
import type { World } from "../world.ts";

const TOPICS = Array.from({ length: 30 }, (_, number) => `room-${number}`);

export async function ntfyDriver(): Promise<ChatDriver> {
  const ntfy = createFakeNtfy();
  const proxy = await startCuttingProxy(Number(new URL(ntfy.url).port));
  let world: World | undefined;
  let next = 0;
  const isOwn = ({ tags }: FakeNotification): boolean => tags?.includes("heddle") === true;
  /** While it is written, an answer makes no sound. */
  const isProgress = (one: FakeNotification): boolean => isOwn(one) && one.priority === 1;
  const published = ({ room }: Said) => ntfy.shown(room).filter((one) => isOwn(one) && !isProgress(one));
  const textOf = ({ message, attachment }: FakeNotification): string =>
    attachment ? Buffer.from(ntfy.files.get(new URL(attachment.url).pathname) ?? []).toString() : message;
  return {
    ...{ name: "ntfy", integration: "ntfy", listener: "topics", limit: 15_000_000 },
    lacks: {
      reaction: "ntfy has no reactions.",
      "format fallback": "ntfy takes any text as Markdown.",
      "conversation gone": "A topic is there for as long as somebody writes to it.",
      "out of order": "What takes the place of a notification comes after it.",
    },
    environment: {
      ...{ NTFY_URL: `http://127.0.0.1:${proxy.port}`, NTFY_LISTEN: TOPICS.join(",") },
      NTFY_STREAM: "true",
    },
    approver: "ntfy:room-0",
    async prepare(given) {
      world = given;
    },
    room: () => TOPICS[++next] ?? "none is left",
    roomFor: { approval: () => "room-0" },
    say: (room, text) => ({ room, id: ntfy.say(room, text), conversation: room }),
    edit: ({ room, id }, text) => void ntfy.say(room, text, { sequence_id: id }),
    remove: ({ room, id }) => ntfy.unsay(room, id),
    removeShown({ room }) {
      const progress = ntfy.shown(room).find(isProgress);
      if (progress) ntfy.unsay(room, progress.sequence_id ?? progress.id);
      return progress !== undefined;
    },
    previews: ({ room }) =>
      ntfy
        .kept(room)
        .filter(isProgress)
        .map(({ message }) => message),
    redeliver: ({ id }) => ntfy.tellAgain(id),
    echo: ({ room }, text) => void ntfy.say(room, text, { tags: ["heddle"] }),
    posts: (said) =>
      published(said)
        .map(textOf)
        .filter((text) => !text.includes("to call")),
    trouble(room, kind) {
      const status = kind === "limit" ? 429 : 503;
      const headers: Record<string, string> = kind === "limit" ? { "retry-after": "7" } : {};
      return ntfy.refuse(status, headers, { topic: room, isDone: kind === "unsure" });
    },
    question(said) {
      const found = published(said).find(({ message }) => message.includes("to call"));
      return found && { text: found.message, yes: found.actions?.[0]?.url };
    },
    forge: async (_said, { yes = "" }) =>
      (await fetch(`${world?.url}${new URL(yes).pathname.slice(0, -1)}~`, { method: "POST" })).text(),
    async press(_said, { yes = "" }) {
      const answer = await fetch(`${world?.url}${new URL(yes).pathname}`, { method: "POST" });
      return answer.ok ? "" : answer.text();
    },
    connections: () => ntfy.subscriptions.length,
    drop: proxy.drop,
    cut: proxy.cut,
    async stop() {
      proxy.stop();
      await ntfy.close();
    },
  };
}

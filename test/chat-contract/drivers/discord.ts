// Discord: text channels, in which each mention begins a thread.

import { startCuttingProxy } from "../../fakes/cutting-proxy.ts";
import { type DiscordRefuses, startFakeDiscord } from "../../fakes/discord/fake-discord.ts";
import { ADA, BEN, BOT, TOKEN } from "../../fakes/discord/ids.ts";
import type { ChatDriver, Said, Trouble } from "../driver.ts";
import { eventually } from "../eventually.ts";
import { discordCases, discordOverKill } from "../own/discord.ts";

export async function discordDriver(): Promise<ChatDriver> {
  const discord = startFakeDiscord();
  const proxy = await startCuttingProxy(Number(new URL(discord.url).port));
  discord.gatewayUrl = `ws://127.0.0.1:${proxy.port}`;
  let rooms = 700n;
  const inThread = ({ conversation }: Said) =>
    discord.messages.filter(({ author, channel_id }) => author.id === BOT && channel_id === conversation);
  return {
    ...{ name: "Discord", integration: "discord", listener: "gateway", limit: 2_000 },
    lacks: {
      "format fallback": "Discord takes any text as Markdown.",
      "out of order": "Discord numbers its events and sends them in order.",
    },
    environment: { DISCORD_API_URL: discord.url, DISCORD_BOT_TOKEN: TOKEN },
    approver: `discord:${ADA}`,
    prepare: (world) => world.allow("discord", ADA),
    room() {
      const id = String(++rooms);
      discord.channels.set(id, { id, type: 0, name: `room-${id}` });
      return id;
    },
    say(room, text, after) {
      const id = after
        ? discord.write(ADA, after.conversation, text)
        : discord.write(ADA, room, `<@${BOT}> ${text}`);
      return { room, id, conversation: after?.conversation ?? id };
    },
    redeliver: ({ id }) => discord.tellAgain(id),
    edit: ({ id }, text) => discord.edit(id, text),
    react: (said) => discord.react(ADA, inThread(said).at(-1)?.id ?? "", { id: null, name: "👍" }),
    mention: `<@${BOT}>`,
    remove: ({ id }) => discord.remove(id),
    sayFile(after) {
      const file = { id: "2", filename: "note.txt", content_type: "text/plain", size: 5 };
      const attachments = [{ ...file, url: `${new URL(discord.url).origin}/files/note.txt` }];
      return { ...after, id: discord.write(ADA, after.conversation, "", { attachments }) };
    },
    removeShown(said) {
      const [shown] = inThread(said);
      if (shown) discord.remove(shown.id);
      return shown !== undefined;
    },
    removeConversation({ conversation }) {
      discord.channels.delete(conversation);
      discord.messages = discord.messages.filter(({ channel_id }) => channel_id !== conversation);
    },
    postsInRoom: (room) =>
      discord.messages
        .filter(({ author, channel_id }) => author.id === BOT && channel_id === room)
        .map(({ content }) => content),
    echo: ({ conversation }, text) =>
      void discord.write(BOT, conversation, text, { author: { id: BOT, username: "heddle", bot: true } }),
    saysBot: ({ conversation }, text) =>
      void discord.write(BEN, conversation, `<@${BOT}> ${text}`, {
        author: { id: "900000000000000009", username: "other", bot: true },
      }),
    posts: (said) =>
      inThread(said)
        .filter(({ components, content }) => components.length === 0 && !content.includes("to call"))
        .map(({ content }) => content),
    previews: (said) => inThread(said).flatMap(({ edits }) => edits),
    trouble(room, kind) {
      const refusal = { ...refusals[kind], path: "/messages", channel: room, isLasting: true };
      discord.refuse.push(refusal);
      return () => {
        discord.refuse = discord.refuse.filter((one) => one !== refusal);
      };
    },
    question(said) {
      const found = inThread(said).find(({ content }) => content.includes("to call"));
      return found && { text: found.content, yes: found.components[0]?.components[0].custom_id };
    },
    async forge({ conversation }, { yes }) {
      const data = { type: 3, data: { custom_id: yes } };
      const interaction = discord.interact(BEN, conversation, data);
      return eventually(() => interaction.whispers[0]).then(String);
    },
    async press({ conversation }, { yes }) {
      const interaction = discord.interact(ADA, conversation, { type: 3, data: { custom_id: yes } });
      await eventually(() => interaction.answered);
      const isOpen = discord.messages.some(
        ({ channel_id, components }) =>
          channel_id === conversation && JSON.stringify(components).includes(String(yes)),
      );
      return isOpen ? "" : eventually(() => interaction.whispers[0]).then(String);
    },
    connections: () => discord.began.length,
    drop: proxy.drop,
    cut: proxy.cut,
    own: discordCases(discord),
    overKill: discordOverKill(discord),
    stop() {
      proxy.stop();
      discord.stop();
    },
  };
}

const refusals: Record<Trouble, Pick<DiscordRefuses, "status" | "code" | "retry_after" | "isDone">> = {
  limit: { status: 429, retry_after: 7 },
  down: { status: 502 },
  unsure: { status: 502, isDone: true },
  markup: { status: 400 },
};

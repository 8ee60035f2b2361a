// What only Discord has.

import { expect } from "bun:test";
import type { FakeDiscord } from "../../fakes/discord/fake-discord.ts";
import { ADA, BEN, BOT, DIRECT, GENERAL } from "../../fakes/discord/ids.ts";
import type { KillCase, OwnCase } from "../driver.ts";
import { eventually } from "../eventually.ts";
import { answerTo } from "../world.ts";

const answered = (discord: FakeDiscord, channel: string, mark: string) =>
  eventually(() =>
    discord.messages.find(
      ({ author, channel_id, content }) =>
        author.id === BOT && channel_id === channel && content.includes(answerTo(mark)),
    ),
  );

export const discordCases = (discord: FakeDiscord): OwnCase[] => [
  {
    name: "a stranger is let in by the operator, and then answered; commands are known",
    async run(world) {
      discord.write(BEN, DIRECT, "{q910000} Hello?");
      const told = await eventually(
        () =>
          discord.messages.find(({ author, channel_id }) => author.id === BOT && channel_id === DIRECT)
            ?.content,
      );
      expect(told).toContain("Give this code");
      await world.send("/people/pair", { code: String(told).slice(String(told).lastIndexOf(" ") + 1) });
      // Its channel is gone again, which keeps nothing else from being taken.
      discord.write(BEN, "5", `<@${BOT}> Where am I?`);
      const file = { id: "1", filename: "no.png", content_type: "image/png", size: 5 };
      const attachments = [{ ...file, url: `${new URL(discord.url).origin}/files/no.png` }];
      discord.write(BEN, DIRECT, "{q910001} And now?", { attachments });
      await answered(discord, DIRECT, "{q910001}");
      const memo = { id: "2", filename: "memo.ogg", content_type: "audio/ogg", size: 20 };
      const sound = [{ ...memo, url: `${new URL(discord.url).origin}/files/memo.ogg` }];
      discord.write(BEN, DIRECT, "", { attachments: sound });
      await answered(discord, DIRECT, "{q900007}");
      expect(discord.messages.some(({ content }) => content.includes(answerTo("{q910000}")))).toBe(false);
      const commands = ["ask", "stop", "bot", "model", "reset", "compact"];
      expect(discord.commands.map(({ name }) => name)).toEqual(commands);
    },
  },
];

export const discordOverKill = (discord: FakeDiscord): KillCase => ({
  name: "after a kill the session is resumed; where Discord has forgotten it, what was missed is looked up",
  async after() {
    expect(discord.began.at(-1)).toBe("resume");
    const known = discord.write(ADA, GENERAL, `<@${BOT}> {q910002} Before`);
    await answered(discord, known, "{q910002}");
    discord.forgetSessions();
    // Nothing is told of it: it is found where the bot was spoken to before.
    const missed = discord.write(ADA, GENERAL, `<@${BOT}> {q910003} Missed`);
    discord.close(4009);
    await answered(discord, missed, "{q910003}");
    expect(discord.began.at(-1)).toBe("identify");
  },
});

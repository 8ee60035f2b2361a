// The calls of the fake: which fields each takes, and what it refuses, with Discord's codes.

import type { FakeDiscord, FakeInteraction, Posted } from "./fake-discord.ts";
import { APPLICATION, BOT } from "./ids.ts";

// biome-ignore lint/suspicious/noExplicitAny: arguments are checked field by field
export type Call = Record<string, any>;

export class DiscordError extends Error {
  constructor(
    readonly status: number,
    readonly code: number,
  ) {
    super(`${status} (${code})`);
  }
}

interface Request {
  method: string;
  path: string;
  query: URLSearchParams;
  given: Call;
  files: Posted["files"];
}

type Answer = (fake: FakeDiscord, request: Request, parts: string[]) => unknown;

const refuse = (status: number, code: number): never => {
  throw new DiscordError(status, code);
};
const SELF = { id: BOT, username: "heddle" };

const channelOf = (fake: FakeDiscord, id = "") => fake.channels.get(id) ?? refuse(404, 10_003);
const messageOf = (fake: FakeDiscord, channel: string | undefined, id: string | undefined): Posted =>
  fake.messages.find((one) => one.channel_id === channel && one.id === id) ?? refuse(404, 10_008);

const TAKEN = ["content", "components", "allowed_mentions", "flags", "attachments"];
const POSTED = [...TAKEN, "nonce", "enforce_nonce", "message_reference"];

function check(given: Call, fields: string[], files: Posted["files"] = []): void {
  if (Object.keys(given).some((name) => !fields.includes(name))) refuse(400, 50_035);
  const { content = "", components = [], nonce = "", attachments = [] } = given;
  if (content.length > 2_000 || String(nonce).length > 25) refuse(400, 50_035);
  if (content.trim() === "" && files.length === 0) refuse(400, 50_006);
  if (attachments.length !== files.length || files.length > 10) refuse(400, 50_035);
  // A bot that quotes people must not call them.
  if (!Array.isArray(given.allowed_mentions?.parse)) refuse(400, 50_035);
  // Nor have Discord fetch what they link to.
  if ((given.flags & 4) === 0) refuse(400, 50_035);
  if (components.length > 5) refuse(400, 50_035);
  for (const row of components) {
    if (row.type !== 1 || row.components.length === 0 || row.components.length > 5) refuse(400, 50_035);
    for (const { type, style, label, custom_id } of row.components)
      if (type !== 2 || !style || !label || !custom_id || custom_id.length > 100) refuse(400, 50_035);
  }
}

const post: Answer = (fake, { given, files }, [, id = ""]) => {
  channelOf(fake, id);
  check(given, POSTED, files);
  const same = fake.messages.find(
    (one) => given.enforce_nonce && one.channel_id === id && one.nonce === given.nonce,
  );
  if (same) return same;
  const reference = given.message_reference;
  if (reference && !reference.fail_if_not_exists === false) messageOf(fake, id, reference.message_id);
  const message: Posted = {
    ...{ id: fake.nextId(), channel_id: id, type: 0, content: given.content ?? "", files },
    ...{ author: { ...SELF, bot: true }, nonce: given.nonce, components: given.components ?? [] },
    ...{ mentions: [], attachments: [], edits: [], reactions: [], edited_timestamp: null },
    ...(reference && { message_reference: reference }),
  };
  fake.messages.push(message);
  return message;
};

const edit: Answer = (fake, { given }, [, channel, , id]) => {
  const message = messageOf(fake, channel, id);
  if (message.author.id !== BOT) refuse(403, 50_005);
  check(given, TAKEN);
  message.edits.push(message.content);
  Object.assign(message, { content: given.content, components: given.components ?? message.components });
  return message;
};

const remove: Answer = (fake, _, [, channel, , id]) => {
  const message = messageOf(fake, channel, id);
  if (message.author.id !== BOT) refuse(403, 50_013);
  fake.messages.splice(fake.messages.indexOf(message), 1);
};

/** In an address, an emoji must be encoded; Discord refuses what is none. */
const emojiIn = (text = ""): string => {
  const emoji = decodeURIComponent(text);
  if (text === emoji || !/^\p{Extended_Pictographic}\ufe0f?$/u.test(emoji)) refuse(400, 10_014);
  return emoji;
};

const react: Answer = (fake, _, [, channel, , id, , emoji]) => {
  const { reactions } = messageOf(fake, channel, id);
  if (!reactions.includes(emojiIn(emoji))) reactions.push(emojiIn(emoji));
};

const unreact: Answer = (fake, _, [, channel, , id, , emoji]) => {
  const { reactions } = messageOf(fake, channel, id);
  const at = reactions.indexOf(emojiIn(emoji));
  if (at >= 0) reactions.splice(at, 1);
};

const read: Answer = (fake, { query }, [, id = ""]) => {
  channelOf(fake, id);
  const limit = Number(query.get("limit") ?? 50);
  if (!(limit >= 1 && limit <= 100)) refuse(400, 50_035);
  const [after, before] = [query.get("after"), query.get("before")];
  const found = fake.messages.filter(
    (one) =>
      one.channel_id === id &&
      (after === null || BigInt(one.id) > BigInt(after)) &&
      (before === null || BigInt(one.id) < BigInt(before)),
  );
  return (after === null ? found.slice(-limit) : found.slice(0, limit)).reverse();
};

const beginThread: Answer = (fake, { given }, [, channel = "", , id = ""]) => {
  if (channelOf(fake, channel).type !== 0) refuse(400, 50_024);
  messageOf(fake, channel, id);
  const { name, auto_archive_duration } = given;
  if (!name || name.length > 100 || ![60, 1_440, 4_320, 10_080].includes(auto_archive_duration))
    refuse(400, 50_035);
  if (fake.channels.has(id)) refuse(400, 160_004);
  const thread = { id, type: 11, name, parent_id: channel, owner_id: BOT };
  fake.channels.set(id, thread);
  return thread;
};

const interactionOf = (fake: FakeDiscord, token: string | undefined): FakeInteraction => {
  const found = fake.interactions.find((one) => one.token === token);
  if (!found) return refuse(404, 10_062);
  return found.isExpired ? refuse(401, 50_027) : found;
};

const respond: Answer = (fake, { given }, [, , token]) => {
  const interaction = interactionOf(fake, token);
  if (interaction.answered) refuse(400, 40_060);
  if (![4, 5, 6].includes(given.type)) refuse(400, 50_035);
  interaction.answered = given as NonNullable<FakeInteraction["answered"]>;
};

const answered = (fake: FakeDiscord, token: string | undefined): FakeInteraction => {
  const interaction = interactionOf(fake, token);
  return interaction.answered ? interaction : refuse(404, 10_015);
};

const editOriginal: Answer = (fake, { given }, [, , token]) => {
  const interaction = answered(fake, token);
  check(given, TAKEN);
  interaction.original = given.content;
  return { id: interaction.id };
};

const follow: Answer = (fake, { given }, [, , token]) => {
  check(given, TAKEN);
  if ((given.flags & 64) === 0) refuse(400, 50_035);
  answered(fake, token).whispers.push(given.content);
  return { id: fake.nextId() };
};

const putCommands: Answer = (fake, { given }) => {
  const commands = Object.values(given);
  for (const { name, description, type } of commands)
    if (!/^[\w-]{1,32}$/.test(name) || !description || description.length > 100 || type !== 1)
      refuse(400, 50_035);
  fake.commands = commands;
  return commands;
};

/** A star stands for an id or a token. */
const CALLS: [string, Answer][] = [
  ["GET users @me", () => SELF],
  ["GET applications @me", (fake) => ({ id: APPLICATION, flags: fake.mayRead ? 1 << 19 : 0 })],
  ["GET gateway bot", (fake) => ({ url: fake.gatewayUrl, shards: 1 })],
  ["PUT applications * commands", putCommands],
  ["GET channels *", (fake, _, [, id]) => channelOf(fake, id)],
  ["GET channels * messages", read],
  ["POST channels * messages", post],
  ["GET channels * messages *", (fake, _, [, channel, , id]) => messageOf(fake, channel, id)],
  ["PATCH channels * messages *", edit],
  ["DELETE channels * messages *", remove],
  ["POST channels * messages * threads", beginThread],
  ["PUT channels * messages * reactions * @me", react],
  ["DELETE channels * messages * reactions * @me", unreact],
  ["POST channels * typing", (fake, _, [, id = ""]) => void fake.typing.push(channelOf(fake, id).id)],
  ["POST interactions * * callback", respond],
  ["PATCH webhooks * * messages @original", editOriginal],
  ["POST webhooks * *", follow],
];

export function answerTo(fake: FakeDiscord, request: Request): unknown {
  const parts = request.path.split("/").slice(1);
  const wanted = [request.method, ...parts];
  const fits = (pattern: string) => {
    const words = pattern.split(" ");
    return words.length === wanted.length && words.every((word, at) => word === "*" || word === wanted[at]);
  };
  const found = CALLS.find(([pattern]) => fits(pattern));
  return found ? found[1](fake, request, parts) : refuse(404, 0);
}

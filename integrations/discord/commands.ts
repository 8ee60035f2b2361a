// Slash commands: which there are, and what they do.

import { createHash } from "node:crypto";
import { channels, getOrCreateSession, injectMessage, store } from "heddle/sdk";
import { spokenBy } from "../_overheard/spoken-by.ts";
import { call } from "./client.ts";
import { settings } from "./config.ts";
import { channelOf, isDirect, isThread, whoAmI } from "./known.ts";
import { clientIdOf, type Place, targetOf } from "./place.ts";

const STRING = 3;
const text = (name: string, description: string, required = false) => ({
  ...{ type: STRING, name, description, required },
});
const COMMANDS = [
  { name: "ask", description: "Ask the bot", options: [text("question", "What you want to know", true)] },
  { name: "stop", description: "Stop what runs here", options: [] },
  { name: "bot", description: "Which bot answers here", options: [text("id", "Another bot, or none")] },
  { name: "model", description: "Which model answers here", options: [text("id", "Another model, or none")] },
  { name: "reset", description: "Let the bot forget what was said here", options: [] },
  { name: "compact", description: "Let the bot make notes of what was said here", options: [] },
];

/** Tells Discord which commands there are, unless it knows already. */
export async function registerCommands(signal: AbortSignal): Promise<void> {
  const { id } = await whoAmI(signal);
  const json = COMMANDS.map((command) => ({ ...command, type: 1 }));
  const hash = createHash("sha256").update(JSON.stringify(json)).digest("hex");
  const key = `commands:${id}`;
  if ((await store.get<string>(key)) === hash) return;
  const { id: application } = await call<{ id: string }>("GET", "/applications/@me", { signal });
  await call("PUT", `/applications/${application}/commands`, { json, signal });
  await store.set(key, hash);
}

export interface Command {
  name: string;
  argument: string;
  channel: string;
  person: { id: string; name: string };
  interaction: { id: string; application_id: string; token: string };
}

/** Answers a command of somebody who is allowed; undefined: the answer comes with the run. */
export async function runCommand(command: Command): Promise<string | undefined> {
  const { name, argument } = command;
  const place = await placeOfChannel(command.channel);
  const clientId = clientIdOf(place);
  if (name === "stop") return stop(clientId);
  const known = await channels.get(clientId);
  const sessionId = await getOrCreateSession({
    ...{ clientId, botId: known?.bot_id ?? settings.DISCORD_BOT_ID, dispatchConfig: targetOf(place) },
  });
  if (name === "ask") return ask(command, place, sessionId);
  if (name === "bot") return change(clientId, "bot_id", argument);
  if (name === "model") return change(clientId, "model_override", argument);
  if (name === "compact") {
    await channels.compact(clientId);
    return "With the next message, the bot puts notes in the place of what was said here.";
  }
  if (name !== "reset") return `There is no command /${name}.`;
  await channels.reset(clientId);
  return "The bot has forgotten what was said here.";
}

async function placeOfChannel(id: string): Promise<Place> {
  const channel = await channelOf(id);
  return isThread(channel) && channel.parent_id
    ? { channel: channel.parent_id, thread: id }
    : { channel: id };
}

async function ask(
  { argument, channel, person, interaction }: Command,
  place: Place,
  sessionId: string,
): Promise<undefined> {
  const { id, application_id, token } = interaction;
  await injectMessage({
    ...{ sessionId, source: "discord", runAgent: true, notify: true },
    content: isDirect(await channelOf(channel)) ? argument : spokenBy(person.name, argument),
    author: { id: person.id, display_name: person.name },
    dispatchConfig: { ...targetOf(place), interaction: { application_id, token } },
    idempotencyKey: `command:${id}`,
  });
}

async function stop(clientId: string): Promise<string> {
  const stopped = (await channels.get(clientId)) ? (await channels.stop(clientId)).length : 0;
  if (stopped === 0) return "Nothing runs here.";
  return `Stopped ${stopped} ${stopped === 1 ? "run" : "runs"}.`;
}

async function change(clientId: string, field: "bot_id" | "model_override", to: string): Promise<string> {
  const what = field === "bot_id" ? "bot" : "model";
  if (to === "") {
    const now = (await channels.get(clientId))?.[field];
    return now ? `The ${what} here is ${String(now)}.` : `This channel has no ${what} of its own.`;
  }
  try {
    await channels.patch(clientId, { [field]: to === "none" ? null : to });
    return `The ${what} here is now ${to === "none" ? "the usual one" : to}.`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

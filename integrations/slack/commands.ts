// Slash commands. Slack does not offer them in threads, so they concern the channel and its latest threads.

import { channels, getOrCreateSession, injectMessage, type JsonObject } from "heddle/sdk";
import { spokenBy } from "../_overheard/spoken-by.ts";
import { settings } from "./config.ts";
import { mayTalk, statusOf } from "./may-talk.ts";
import { clientIdOf, targetOf } from "./place.ts";
import { personName } from "./workspace.ts";

interface Command {
  name: string;
  text: string;
  team: string;
  channel: string;
  user: string;
  clientId: string;
  id: string;
}

/** Answers a command with a text that only the person sees. */
export async function runCommand(payload: JsonObject): Promise<JsonObject> {
  const field = (name: string) => String(payload[name] ?? "");
  const [team, channel, user] = [field("team_id"), field("channel_id"), field("user_id")];
  const command: Command = {
    ...{ team, channel, user, text: field("text").trim(), id: field("trigger_id") },
    name: field("command").replace(/^\//, ""),
    clientId: clientIdOf({ team, channel }),
  };
  return { response_type: "ephemeral", text: await answerTo(command) };
}

const CHANGING = ["bot", "model", "reset", "compact"];

async function answerTo(command: Command): Promise<string> {
  const { name, user } = command;
  const status = await statusOf(user);
  if (!mayTalk(status)) return "You may not talk to the bots here.";
  if (name === "ask") return ask(command);
  if (name === "stop") return stop(command);
  if (!CHANGING.includes(name)) return `There is no command /${name}.`;
  if (status !== "allowed" && (command.text !== "" || name === "reset" || name === "compact"))
    return "Only people whom the operator has allowed may change this.";
  await open(command);
  if (name === "reset") {
    await channels.reset(command.clientId);
    return "The bot has forgotten what was said here.";
  }
  if (name === "compact") {
    await channels.compact(command.clientId);
    return "With the next message, the bot puts notes in the place of what was said here.";
  }
  return name === "bot" ? change(command, "bot_id") : change(command, "model_override");
}

async function open({ team, channel, clientId }: Command): Promise<string> {
  const known = await channels.get(clientId);
  const botId = known?.bot_id ?? settings.SLACK_BOT_ID;
  return getOrCreateSession({ clientId, botId, dispatchConfig: targetOf({ team, channel }) });
}

async function ask(command: Command): Promise<string> {
  const { text, team, user, channel, id } = command;
  if (text === "") return "Write what you want to ask: /ask when does the shop open?";
  const author = { id: user, display_name: await personName(team, user) };
  await injectMessage({
    sessionId: await open(command),
    content: channel.startsWith("D") ? text : spokenBy(author.display_name, text),
    ...{ source: "slack", runAgent: true, author, idempotencyKey: `command:${id}` },
    dispatchConfig: { ...targetOf({ team, channel }), user_id: user },
  });
  return `Asked: ${text}`;
}

async function stop({ clientId }: Command): Promise<string> {
  const stopped = (await channels.get(clientId)) ? (await channels.stop(clientId)).length : 0;
  return stopped > 0
    ? `Stopped ${stopped} ${stopped === 1 ? "run" : "runs"}.`
    : 'Nothing runs in this channel itself. To stop a run in a thread, write "stop" there.';
}

async function change({ clientId, text }: Command, field: "bot_id" | "model_override"): Promise<string> {
  const what = field === "bot_id" ? "bot" : "model";
  if (text === "") {
    const now = (await channels.get(clientId))?.[field];
    return now ? `The ${what} here is ${String(now)}.` : `This channel has no ${what} of its own.`;
  }
  try {
    await channels.patch(clientId, { [field]: text === "none" ? null : text });
    return `The ${what} here is now ${text === "none" ? "the usual one" : text}.`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

// Commands of Telegram's menu. /ask is a message, see addressed.ts.

import { channels, log } from "heddle/sdk";
import { connectTelegram, signalOf, type Telegram } from "./client.ts";
import { clientIdOf, type Place, target } from "./place.ts";

export const COMMANDS = [
  { command: "ask", description: "Ask the bot; needed in groups" },
  { command: "stop", description: "Stop what the bot is doing" },
  { command: "reset", description: "Start over: the bot forgets this conversation" },
  { command: "compact", description: "Go on with notes of what was said so far" },
];

export async function registerCommands(telegram: Telegram, signal: AbortSignal): Promise<void> {
  const known = await telegram.getMyCommands({}, signalOf(signal));
  const isSame =
    known.length === COMMANDS.length &&
    known.every(
      ({ command, description }, at) =>
        command === COMMANDS[at]?.command && description === COMMANDS[at].description,
    );
  if (!isSame) await telegram.setMyCommands({ commands: COMMANDS }, signalOf(signal));
}

/** Whether it was a command of these. */
export async function runCommand(command: string, place: Place, signal: AbortSignal): Promise<boolean> {
  const answer = await answerTo(command, clientIdOf(place));
  if (answer === undefined) return false;
  try {
    await connectTelegram(10).sendMessage({ ...target(place), text: answer }, signalOf(signal));
  } catch (error) {
    log.warning("The answer to a command could not be posted", { error: String(error) });
  }
  return true;
}

async function answerTo(command: string, clientId: string): Promise<string | undefined> {
  if (command === "start" || command === "help") {
    return "Write to me, and I will answer. /stop stops me, /reset starts over. In a group, mention me or reply to me.";
  }
  if (command !== "stop" && command !== "reset" && command !== "compact") return undefined;
  const exists = (await channels.get(clientId)) !== undefined;
  if (command === "compact") {
    if (exists) await channels.compact(clientId);
    return "With your next message, I put notes in the place of what was said here.";
  }
  if (command === "reset") {
    if (exists) {
      await channels.stop(clientId);
      await channels.reset(clientId);
    }
    return "I have forgotten what was said here.";
  }
  const stopped = exists ? await channels.stop(clientId) : [];
  return stopped.length > 0 ? "Stopped." : "I am not doing anything.";
}

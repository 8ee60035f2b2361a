// What comes from Slack, over whichever transport, becomes messages for bots.

import {
  channels,
  getOrCreateSession,
  injectEvent,
  injectMessage,
  type JsonObject,
  log,
  people,
  store,
} from "heddle/sdk";
import { injectReadable, isRefused } from "../_injections/readable.ts";
import { nameInText, spokenBy } from "../_overheard/spoken-by.ts";
import { settings, threadsIn } from "./config.ts";
import { earlier } from "./context.ts";
import { load } from "./files.ts";
import { inOrder } from "./in-order.ts";
import { readEvent, record, type SlackMessage, text } from "./message.ts";
import { listen, tellOverheard } from "./overheard.ts";
import { clientIdOf, type Place, targetOf } from "./place.ts";
import { rememberPlace } from "./places.ts";
import { channelOf, isReaction, takeReaction } from "./reacted.ts";
import { say } from "./say.ts";
import { readable } from "./text.ts";
import { personName, type Self, whoAmI } from "./workspace.ts";

const STOPS_KEPT_SECONDS = 7 * 86_400;
/** Slack sends what was not taken again for some minutes; a day-old message is edited for other reasons. */
const OVERTAKEN_SECONDS = 600;

export type Received =
  | { status: "ignored"; reason: string }
  | { status: "processed" | "filtered"; task_ids?: (string | null)[]; duplicate?: boolean };

/** An `event_callback`. Resolves once everything is stored, so that Slack sends it again if it is not. */
export async function receiveEvent(body: JsonObject): Promise<Received> {
  const event = record(body.event);
  const self = await whoAmI(text(body.team_id));
  return takeEvent(event, self).catch((error: unknown) => {
    // Slack would send it again, and in the end no more events at all.
    if (!isRefused(error)) throw error;
    log.error("An event of Slack was left out, since it was refused", { error: String(error) });
    return ignored("refused");
  });
}

async function takeEvent(event: JsonObject, self: Self): Promise<Received> {
  if (event.type === "member_joined_channel" && event.user === self.user) return joined(event, self);
  if (isReaction(event)) {
    const outcome = await inOrder(`${self.team}:${channelOf(event)}`, () => takeReaction(event, self));
    return outcome === "told" ? { status: "processed" } : ignored(outcome);
  }
  const message = readEvent(event, self);
  if (!message) return ignored("unhandled");
  return inOrder(`${self.team}:${message.channel}`, () => receive(message, self));
}

const ignored = (reason: string): Received => ({ status: "ignored", reason });

/** The channel appears among Heddle's, so that its settings can be chosen. */
async function joined(event: JsonObject, { team }: Self): Promise<Received> {
  const place = { team, channel: String(event.channel) };
  const clientId = clientIdOf(place);
  await getOrCreateSession({ clientId, botId: settings.SLACK_BOT_ID, dispatchConfig: targetOf(place) });
  return { status: "processed" };
}

async function receive(message: SlackMessage, self: Self): Promise<Received> {
  const channel: Place = { team: self.team, channel: message.channel };
  const known = await channels.get(clientIdOf(channel));
  const needsMention = !message.isDirect && (known?.require_mention ?? true);
  const place = placeFor(message, channel, needsMention);
  const clientId = clientIdOf(place);
  const isKnown =
    place.thread === undefined ? known !== undefined : (await channels.get(clientId)) !== undefined;
  if (message.kind !== "new" && isKnown) return note(message, self, clientId);
  // An edit that has overtaken its message says all that the message says, and is taken in its place.
  if (message.kind !== "new" && !hasOvertaken(message)) return ignored("unknown_place");
  const isFollowUp = place.thread === message.thread && isKnown && place.thread !== undefined;
  const isAddressed = message.isMention || !needsMention || isFollowUp || message.inOwnThread;
  if (!isAddressed) {
    const outcome = await listen(message, self, channel);
    if (outcome === "overheard") await rememberPlace(channel);
    return ignored(outcome);
  }
  if (!message.isBot && !(await mayTalk(message, self, clientId))) return ignored("not_allowed");
  const botId = known?.bot_id ?? settings.SLACK_BOT_ID;
  if (!known)
    await getOrCreateSession({ clientId: clientIdOf(channel), botId, dispatchConfig: targetOf(channel) });
  if (isStop(message, self)) return stop(clientId, message.key);
  await rememberPlace(channel);
  if (place.thread !== undefined) await rememberPlace(place);
  if (!isKnown) await tellContext(message, self, place, botId);
  if (place.thread === message.ts) await tellOverheard(message, place, channel, botId);
  return run(message, self, place, botId);
}

const hasOvertaken = ({ kind, ts }: SlackMessage): boolean =>
  kind === "edited" && Date.now() / 1000 - Number(ts) < OVERTAKEN_SECONDS;

/** By default each mention begins a thread where one is needed; elsewhere the whole channel is one conversation. */
function placeFor({ thread, ts, isDirect }: SlackMessage, channel: Place, needsMention: boolean): Place {
  const mode = threadsIn(channel.channel);
  const begins = mode === "always" ? !isDirect : mode === "mentions" && needsMention;
  const root = thread ?? (begins ? ts : undefined);
  return root === undefined ? channel : { ...channel, thread: root };
}

async function mayTalk(message: SlackMessage, self: Self, clientId: string): Promise<boolean> {
  if (settings.SLACK_WHO_MAY_TALK === "everyone") return true;
  const name = await personName(self.team, message.user);
  const { status, code } = await people.check({ id: message.user, name, place: clientId });
  if (status === "pending" && code !== null)
    await say(
      { team: self.team, channel: message.channel, user: message.user, thread: message.thread },
      `I may not talk to you yet. Give this code to whoever runs me: ${code}`,
    );
  return status === "allowed";
}

const isStop = ({ text: said }: SlackMessage, self: Self): boolean =>
  said.replace(`<@${self.user}>`, "").trim().toLowerCase() === "stop";

/** Once: what runs when the same message is found again is something else. */
async function stop(clientId: string, message: string): Promise<Received> {
  const key = `stop:${message}`;
  if ((await store.get(key)) !== undefined) return ignored("stopped");
  if (await channels.get(clientId)) await channels.stop(clientId);
  await store.set(key, true, { ttlSeconds: STOPS_KEPT_SECONDS });
  return ignored("stopped");
}

/** What was said before the bot was called, as a message of its own, because others wrote it. */
async function tellContext(message: SlackMessage, self: Self, place: Place, botId: string): Promise<void> {
  const content = message.thread === undefined ? undefined : await earlier(self, place, message.ts);
  if (content === undefined) return;
  const sessionId = await getOrCreateSession({
    clientId: clientIdOf(place),
    botId,
    dispatchConfig: targetOf(place),
  });
  const idempotencyKey = `${message.key}:context`;
  await injectMessage({ sessionId, content, source: "slack", notify: false, idempotencyKey });
}

async function run(message: SlackMessage, self: Self, place: Place, botId: string): Promise<Received> {
  const name = message.isBot ? message.user : await personName(self.team, message.user);
  const said = await readable(message.text, (user) => personName(self.team, user), self.user);
  const { attachments, notes } = await load(message.files, self.team);
  const content = [said, ...notes].filter(Boolean).join("\n\n");
  if (content === "" && attachments.length === 0) return ignored("empty");
  const { status, results } = await injectReadable(injectEvent, {
    clientId: clientIdOf(place),
    event: message.isDirect ? "direct_message" : message.isMention ? "mention" : "message",
    botId,
    content: message.isDirect ? content : spokenBy(name, content),
    source: "slack",
    runAgent: true,
    fromBot: message.isBot,
    author: { id: message.user, display_name: name },
    dispatchConfig: { ...targetOf(place), message_ts: message.ts, user_id: message.user },
    idempotencyKey: `${self.team}:${message.channel}:${message.ts}`,
    metadata: { team_id: self.team, channel_id: message.channel, message_ts: message.ts },
    ...(attachments.length > 0 && { attachments }),
  });
  const duplicate = results.length > 0 && results.every((result) => result.duplicate);
  return { status, task_ids: results.map(({ task_id }) => task_id), duplicate };
}

/** What a person has changed afterwards is told to the bot with the next message; it starts no run. */
async function note(message: SlackMessage, self: Self, clientId: string): Promise<Received> {
  const name = await personName(self.team, message.user);
  const said = await readable(message.text, (user) => personName(self.team, user), self.user);
  const content =
    message.kind === "deleted"
      ? `${nameInText(name)} has deleted this message: ${said}`
      : `${nameInText(name)} has edited a message, which now reads: ${said}`;
  const known = await channels.get(clientId);
  const sessionId = await getOrCreateSession({ clientId, botId: known?.bot_id ?? settings.SLACK_BOT_ID });
  const { duplicate } = await injectMessage({
    ...{ sessionId, content, source: "slack", notify: false, idempotencyKey: message.key },
    author: { id: message.user, display_name: name },
  });
  return { status: "processed", duplicate };
}

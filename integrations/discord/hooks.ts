import "./reactions.ts";
import { type IntegrationMeta, log, registerHook, registerIntegration } from "heddle/sdk";
import { call, listenerError } from "./client.ts";
import { settings } from "./config.ts";
import { channelOf, isDirect, whoAmI } from "./known.ts";
import { PREFIX, placeOf, targetOf } from "./place.ts";

export const integration: IntegrationMeta = {
  integrationType: "discord",
  clientIdPrefix: PREFIX,
  userAttribution: ({ display_name }) => (display_name === null ? {} : { username: display_name }),
  async resolveDisplayNames(channels) {
    const names: Record<string, string> = {};
    for (const { id, client_id } of channels) {
      const place = placeOf(client_id);
      if (place) names[id] = await nameOf(place.thread ?? place.channel);
    }
    return names;
  },
  resolveDispatchConfig(clientId) {
    const place = placeOf(clientId);
    return place ? targetOf(place) : null;
  },
  async testConnection({ signal }) {
    try {
      return await describe(signal);
    } catch (error) {
      throw listenerError(error);
    }
  },
};

registerIntegration(integration);

async function nameOf(id: string): Promise<string> {
  try {
    const channel = await channelOf(id, AbortSignal.timeout(8_000));
    if (isDirect(channel)) return `@${channel.recipients?.[0]?.username ?? id}`;
    return `#${channel.name ?? id}`;
  } catch {
    // An id is better than no name.
    return id;
  }
}

/** GATEWAY_MESSAGE_CONTENT and GATEWAY_MESSAGE_CONTENT_LIMITED. */
const READS_MESSAGES = (1 << 18) | (1 << 19);
/** Add reactions, view channels, send messages (in threads as well), attach files, read the history, begin threads. */
const PERMISSIONS = (
  2n ** 6n +
  2n ** 10n +
  2n ** 11n +
  2n ** 15n +
  2n ** 16n +
  2n ** 35n +
  2n ** 38n
).toString();

async function describe(signal: AbortSignal): Promise<string> {
  const { username } = await whoAmI(signal);
  const { id, flags = 0 } = await call<{ id: string; flags?: number }>("GET", "/applications/@me", {
    signal,
  });
  const reads = (flags & READS_MESSAGES) !== 0;
  const content = !settings.DISCORD_MESSAGE_CONTENT
    ? "It sees only messages that mention it, and direct messages."
    : reads
      ? "It may read messages."
      : "Message Content Intent is off: turn it on at the page Bot, or set DISCORD_MESSAGE_CONTENT to false.";
  const invite = `https://discord.com/oauth2/authorize?client_id=${id}&scope=bot+applications.commands&permissions=${PERMISSIONS}`;
  return `Signed in as ${username}. ${content} Invite it with ${invite}`;
}

/** Discord shows for ten seconds that the bot is typing. If that fails, the run goes on. */
registerHook("before_context_assembly", async ({ extra }) => {
  const { channel_id, message_id } = extra.message?.metadata ?? {};
  if (extra.source !== "discord" || typeof channel_id !== "string" || typeof message_id !== "string") return;
  try {
    await call("POST", `/channels/${channel_id}/typing`, { signal: AbortSignal.timeout(5_000) });
  } catch (error) {
    log.debug("Discord was not told that the bot is typing", { reason: String(error) });
  }
});

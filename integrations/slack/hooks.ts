import { WebClient } from "@slack/web-api";
import { log, registerHook, registerIntegration } from "heddle/sdk";
import { clientOptions, codeOf, connect, listenerError, quietLogger } from "./client.ts";
import { settings, tokenOf } from "./config.ts";
import { PREFIX, placeOf, targetOf } from "./place.ts";
import { postText } from "./post.ts";
import { MARK_DONE, MARK_FAILED, MARK_WORKING, reactionFor } from "./reactions.ts";
import { channelName, whoAmI } from "./workspace.ts";

registerIntegration({
  integrationType: "slack",
  clientIdPrefix: PREFIX,
  userAttribution({ display_name, integration_config }) {
    const own = (integration_config.slack ?? {}) as { icon_emoji?: unknown };
    return {
      ...(display_name && { username: display_name }),
      ...(typeof own.icon_emoji === "string" && { icon_emoji: own.icon_emoji }),
    };
  },
  async resolveDisplayNames(channels) {
    const names: Record<string, string> = {};
    for (const { id, client_id } of channels) {
      const place = placeOf(client_id);
      if (!place) continue;
      const name = await channelName(place.team, place.channel);
      const shown = name.startsWith("@") ? name : `#${name}`;
      names[id] = place.thread === undefined ? shown : `${shown}, thread ${place.thread}`;
    }
    return names;
  },
  resolveDispatchConfig(clientId) {
    const place = placeOf(clientId);
    return place ? targetOf(place) : null;
  },
  async testConnection({ signal }) {
    const found = await whoAmI(undefined, signal).catch((error) => {
      throw listenerError(error, "SLACK_BOT_TOKEN");
    });
    const text = `Signed in as ${found.name} in ${found.teamName} (${found.team}).`;
    if (settings.SLACK_APP_TOKEN === "")
      return `${text} Events come over HTTP, since there is no SLACK_APP_TOKEN.`;
    const app = new WebClient(settings.SLACK_APP_TOKEN, { ...clientOptions(signal), logger: quietLogger });
    await app.apps.connections.open({}).catch((error) => {
      throw listenerError(error, "SLACK_APP_TOKEN");
    });
    return `${text} Socket Mode works.`;
  },
});

/** The message that a run answers, if it came from Slack. */
function askedIn(message: { metadata: Record<string, unknown> } | null) {
  const { team_id, channel_id, message_ts } = message?.metadata ?? {};
  return typeof team_id === "string" && typeof channel_id === "string" && typeof message_ts === "string"
    ? { team: team_id, channel: channel_id, ts: message_ts }
    : undefined;
}

type Asked = NonNullable<ReturnType<typeof askedIn>>;

/** A reaction that cannot be made is only logged. */
async function react(method: "add" | "remove", { team, channel, ts }: Asked, name: string): Promise<void> {
  try {
    const { reactions } = connect(tokenOf(team), AbortSignal.timeout(8_000));
    await reactions[method]({ channel, timestamp: ts, name });
  } catch (error) {
    const code = codeOf(error);
    if (code === "already_reacted" || code === "no_reaction") return;
    log.debug("A reaction could not be made", { name, reason: code ?? String(error) });
  }
}

registerHook("before_context_assembly", async ({ extra }) => {
  const asked = settings.SLACK_REACTIONS ? askedIn(extra.message) : undefined;
  if (asked) await react("add", asked, MARK_WORKING);
});

registerHook("after_tool_call", async ({ bot_id, extra }) => {
  const { message, tool_name, duration_ms, error } = extra;
  const asked = askedIn(message);
  if (asked && settings.SLACK_REACTIONS) await react("add", asked, reactionFor(tool_name));
  const channel = settings.SLACK_AUDIT_CHANNEL;
  if (channel === "") return;
  const text = `${bot_id} called \`${tool_name}\` (${duration_ms} ms)${error ? ", which failed" : ""}`;
  try {
    await postText(connect(tokenOf(asked?.team), AbortSignal.timeout(8_000)), { channel }, text);
  } catch (failure) {
    log.warning("The audit channel was not told", { reason: codeOf(failure) ?? String(failure) });
  }
});

registerHook("after_response", async ({ extra }) => {
  const asked = settings.SLACK_REACTIONS ? askedIn(extra.message) : undefined;
  if (!asked) return;
  await react("remove", asked, MARK_WORKING);
  if (extra.status !== "cancelled") await react("add", asked, extra.error ? MARK_FAILED : MARK_DONE);
});

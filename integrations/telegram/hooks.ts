import "./reactions.ts";
import { type IntegrationMeta, registerIntegration } from "heddle/sdk";
import { connectTelegram, listenerError, signalOf } from "./client.ts";
import { settings } from "./config.ts";
import { dispatchConfigOf, placeOf } from "./place.ts";
import { webhookAddress } from "./webhook-address.ts";

export const integration: IntegrationMeta = {
  integrationType: "telegram",
  clientIdPrefix: "telegram:",
  userAttribution: ({ display_name }) => (display_name === null ? {} : { username: display_name }),
  resolveDispatchConfig(clientId) {
    const place = placeOf(clientId);
    return place && dispatchConfigOf(place);
  },
  async testConnection({ signal }) {
    if (settings.TELEGRAM_BOT_TOKEN === "")
      throw new Error("TELEGRAM_BOT_TOKEN must be set to a token from @BotFather.");
    try {
      return await describe(signal);
    } catch (error) {
      throw listenerError(error);
    }
  },
};

registerIntegration(integration);

async function describe(abort: AbortSignal): Promise<string> {
  const telegram = connectTelegram(12);
  const signal = signalOf(abort);
  const me = await telegram.getMe(signal);
  const info = await telegram.getWebhookInfo(signal);
  const sentences = [`Signed in as @${me.username}.`];
  const wanted = webhookAddress();
  if (wanted === null) {
    sentences.push("Heddle asks for messages.");
    if (info.url) sentences.push("A webhook is set, so none arrive until the server is started again.");
  } else {
    sentences.push(info.url === wanted ? "Telegram calls the webhook." : "The webhook is not set yet.");
    if (info.last_error_message) sentences.push(`Its last failure was: ${info.last_error_message}.`);
  }
  if (info.pending_update_count > 0) sentences.push(`${info.pending_update_count} messages wait.`);
  sentences.push(
    me.can_read_all_group_messages
      ? "In groups, it sees all messages."
      : "In groups, it sees only commands, mentions and replies, unless @BotFather turns privacy mode off.",
  );
  return sentences.join(" ");
}

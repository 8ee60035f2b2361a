// The bot's own account, asked once for each token.

import type { UserFromGetMe } from "grammy/types";
import { connectTelegram, signalOf } from "./client.ts";
import { settings } from "./config.ts";

let known: { token: string; me: Promise<UserFromGetMe> } | undefined;

export function whoAmI(signal: AbortSignal): Promise<UserFromGetMe> {
  const token = settings.TELEGRAM_BOT_TOKEN;
  if (known?.token !== token) {
    const me = connectTelegram().getMe(signalOf(signal));
    known = { token, me };
    me.catch(() => {
      known = undefined;
    });
  }
  return known.me;
}

import { server } from "heddle/sdk";
import { settings } from "./config.ts";

/** Telegram calls no other ports. */
const PORTS = ["", "443", "80", "88", "8443"];

/** The address that Telegram is to call; null if Heddle has to ask. */
export function webhookAddress(): string | null {
  const url = settings.TELEGRAM_WEBHOOK_SECRET === "" ? null : server.webhookUrl();
  if (url === null || !URL.canParse(url)) return null;
  const { protocol, port } = new URL(url);
  return protocol === "https:" && PORTS.includes(port) ? url : null;
}

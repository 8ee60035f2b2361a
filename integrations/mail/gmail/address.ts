// Whose mailbox was signed in.

import { ownAddress, ownAddresses } from "../config.ts";
import { ask, reading } from "./client.ts";

export const profile = (signal: AbortSignal): Promise<{ emailAddress: string; historyId: string }> =>
  ask(reading.get("/profile", { signal }));

/** Throws if somebody has signed another mailbox in. */
export async function checkAddress(signal: AbortSignal): Promise<string> {
  const { emailAddress } = await profile(signal);
  if (ownAddresses().includes(emailAddress.toLowerCase())) return emailAddress;
  throw new Error(
    `MAIL_ADDRESS must be the address of the mailbox that was signed in, ${emailAddress}; got ${ownAddress()}.`,
  );
}

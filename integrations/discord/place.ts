// Places of Discord: a channel, or a thread in it.

import { t } from "heddle/sdk";

export const PREFIX = "discord:";
const ID = "^[0-9]{1,20}$";

export interface Place {
  channel: string;
  thread?: string;
}

export const clientIdOf = ({ channel, thread }: Place): string =>
  `${PREFIX}${channel}${thread === undefined ? "" : `:${thread}`}`;

/** Undefined for anything that is not a place of Discord. */
export function placeOf(clientId: string): Place | undefined {
  const [, channel, thread] = /^discord:(\d{1,20})(?::(\d{1,20}))?$/.exec(clientId) ?? [];
  return channel === undefined ? undefined : { channel, ...(thread !== undefined && { thread }) };
}

/** The dispatch_config without its type. */
export const targetConfig = t.Object({
  channel_id: t.String({ pattern: ID }),
  thread_id: t.Optional(t.String({ pattern: ID })),
  or_in_channel: t.Optional(
    t.Boolean({ description: "If the thread is gone, post in the channel, which more people may read" }),
  ),
  reply_to: t.Optional(t.String({ pattern: ID, description: "The message that is answered" })),
  interaction: t.Optional(
    t.Object({
      application_id: t.String({ pattern: ID }),
      token: t.String({ secret: true, minLength: 1, maxLength: 500 }),
    }),
  ),
});
export type Target = typeof targetConfig.static;

export const targetOf = ({ channel, thread }: Place) => ({
  type: "discord",
  channel_id: channel,
  ...(thread !== undefined && { thread_id: thread }),
});

/** The channel in Discord's sense, in which a thread is one as well. */
export const channelIn = ({ channel_id, thread_id }: Target): string => thread_id ?? channel_id;

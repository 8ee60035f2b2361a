import { useQuery } from "@tanstack/react-query";
import { OWN_CHATS } from "../../api/queries.ts";
import { channelNames, type Session } from "./queries.ts";

const NONE: ReadonlyMap<string, string> = new Map();

export function useChannelNames(): ReadonlyMap<string, string> {
  return useQuery(channelNames).data ?? NONE;
}

/** What a conversation is called: as the integration of its channel says, or as people have named it. */
export const nameOf = (
  { channel_id, channel_name, client_id }: Pick<Session, "channel_id" | "channel_name" | "client_id">,
  names: ReadonlyMap<string, string>,
): string => {
  // The list of names may be older than a conversation's own name.
  if (client_id.startsWith(OWN_CHATS)) return channel_name === client_id ? "Chat" : channel_name;
  return names.get(channel_id) ?? channel_name;
};

const LONGEST = 60;

/** A name for a conversation that begins with this text. */
export function titleOf(text: string): string {
  const line = text.trim().split("\n", 1)[0]?.trim() ?? "";
  if (line.length <= LONGEST) return line || "New chat";
  const cut = line.slice(0, LONGEST).toWellFormed();
  const space = cut.lastIndexOf(" ");
  return `${space > LONGEST / 2 ? cut.slice(0, space) : cut} …`;
}

import { type Source, unlessBlank } from "./source.ts";

/** The channel's prompt, which applies to every bot in it. */
export const channelPrompt: Source = ({ channelPrompt }) => unlessBlank(channelPrompt);

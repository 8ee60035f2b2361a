import { type Source, system } from "./source.ts";

/** The channel's prompt, which applies to every bot in it. */
export const channelPrompt: Source = ({ channelPrompt }) => system(channelPrompt);

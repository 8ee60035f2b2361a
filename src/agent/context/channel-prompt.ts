import { type Source, system } from "./source.ts";

/** What the operator of the channel asks of every bot in it. */
export const channelPrompt: Source = ({ channelPrompt }) => system(channelPrompt);

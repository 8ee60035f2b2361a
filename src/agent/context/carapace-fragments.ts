import { type Source, system } from "./source.ts";

/** The prompt texts of the carapaces of the bot and the channel, included carapaces first. */
export const carapaceFragments: Source = ({ fragments }) => fragments.flatMap(({ text }) => system(text));

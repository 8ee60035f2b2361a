import { type Source, unlessBlank } from "./source.ts";

/** The prompt texts of the carapaces of the bot and the channel, included carapaces first. */
export const carapaceFragments: Source = ({ fragments }) =>
  fragments.flatMap(({ text }) => unlessBlank(text));

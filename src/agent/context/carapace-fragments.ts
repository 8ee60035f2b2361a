import { type Source, system } from "./source.ts";

/** What the carapaces of the bot and the channel say, the included ones first. */
export const carapaceFragments: Source = ({ fragments }) => fragments.flatMap(({ text }) => system(text));

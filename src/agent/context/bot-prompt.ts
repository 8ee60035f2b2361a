import { type Source, unlessBlank } from "./source.ts";

/** The bot's own system prompt. */
export const botPrompt: Source = ({ botPrompt }) => unlessBlank(botPrompt);

import { type Source, system } from "./source.ts";

/** The bot's own system prompt. */
export const botPrompt: Source = ({ botPrompt }) => system(botPrompt);

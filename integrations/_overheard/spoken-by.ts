const LONGEST_NAME = 80;

/**
 * A person's name within a text for a bot. People choose their names: one with a line break or a colon would read as if somebody else
 * began to speak.
 */
export const nameInText = (name: string): string =>
  name
    .replace(/[\s:\uff1a]+/g, " ")
    .trim()
    .slice(0, LONGEST_NAME)
    .toWellFormed();

/**
 * What somebody says where several people talk, as the bot reads it: with the name in front, which is all that tells it who speaks. A command
 * stays one.
 */
export function spokenBy(name: string, said: string): string {
  const shown = nameInText(name);
  return said === "" || said.startsWith("/") || shown === "" ? said : `${shown}: ${said}`;
}

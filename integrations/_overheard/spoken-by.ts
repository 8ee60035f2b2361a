const LONGEST_NAME = 80;

/**
 * What somebody says where several people talk, as the bot reads it: with the name in front, which is all that tells it who speaks. A colon
 * in a name would end it, and what follows would read as said by somebody of that name. A command stays one.
 */
export function spokenBy(name: string, said: string): string {
  const shown = name
    .replace(/[\s:\uff1a]+/g, " ")
    .trim()
    .slice(0, LONGEST_NAME)
    .toWellFormed();
  return said === "" || said.startsWith("/") || shown === "" ? said : `${shown}: ${said}`;
}

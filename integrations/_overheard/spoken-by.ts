const LONGEST_NAME = 80;

/**
 * What somebody says where several people talk, as the bot reads it: with the name in front, which is all that tells it who speaks. A command
 * stays one.
 */
export function spokenBy(name: string, said: string): string {
  const shown = name.replace(/\s+/g, " ").trim().slice(0, LONGEST_NAME).toWellFormed();
  return said === "" || said.startsWith("/") || shown === "" ? said : `${shown}: ${said}`;
}

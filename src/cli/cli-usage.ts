// Finds the command that argv names, renders its help, and explains unknown commands.

import { stripVTControlCharacters } from "node:util";
import { type CommandDef, renderUsage } from "citty";
import { HeddleError } from "../errors.ts";
import { nearest } from "../schema/nearest.ts";

type Command = CommandDef;

export interface NamedCommand {
  command: Command;
  /** "", "keys", "keys create" */
  path: string;
}

/**
 * Returns the command that the first words name. Throws "config" for an unknown word. The result may be a group of
 * commands, which `requireLeaf` refuses.
 */
export function namedCommand(
  main: Command,
  argv: readonly string[],
  { requireLeaf = false } = {},
): NamedCommand {
  let command = main;
  const words: string[] = [];
  for (const word of argv) {
    const known = subCommandsOf(command);
    if (!known || word.startsWith("-")) break;
    const next = Object.hasOwn(known, word) ? known[word] : undefined;
    if (!next) throw unknownCommand([...words, word], Object.keys(known));
    words.push(word);
    command = next;
  }
  const known = subCommandsOf(command);
  if (requireLeaf && known) throw noCommand(words, argv, Object.keys(known));
  return { command, path: words.join(" ") };
}

// Heddle's subcommands are plain objects; citty also accepts promises and functions.
const subCommandsOf = (command: Command) => command.subCommands as Record<string, Command> | undefined;

function unknownCommand(words: string[], known: string[]): HeddleError {
  const parents = words.slice(0, -1);
  const meant = nearest(words.at(-1) ?? "", known);
  const hint = meant ? `did you mean "${[...parents, meant].join(" ")}"?` : `there are ${known.join(", ")}.`;
  const help = ["heddle", ...parents, "--help"].join(" ");
  return new HeddleError("config", `There is no command "${words.join(" ")}"; ${hint} See ${help}.`);
}

function noCommand(words: string[], argv: readonly string[], known: string[]): HeddleError {
  const program = ["heddle", ...words].join(" ");
  const flag = argv[words.length];
  if (flag !== undefined) {
    return new HeddleError("config", `A command must come before ${flag}: ${program} ${known[0]} ${flag} …`);
  }
  return new HeddleError(
    "config",
    `A command is missing: ${program} ${known.join("|")}. See ${program} --help.`,
  );
}

/** Returns the help of the command that `argv` names; in colour for a terminal. */
export async function usage(main: Command, argv: readonly string[], isTerminal: boolean): Promise<string> {
  const { command } = namedCommand(main, argv);
  const text = await renderUsage(command, command === main ? undefined : main);
  if (isTerminal) return text;
  const lines = stripVTControlCharacters(text).split("\n");
  return lines.map((line) => line.trimEnd()).join("\n");
}

/** For errors of the parser, which say what is missing, and not where all of it is explained. */
export const withHelp =
  (path: string) =>
  (error: unknown): never => {
    if (!(error instanceof Error) || (error as { code?: unknown }).code !== "EARG") throw error;
    throw new HeddleError("config", `${error.message}; see heddle ${path} --help.`);
  };

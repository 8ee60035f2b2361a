// Flags and wrappers that the commands share.

import { type ArgsDef, type CommandDef, defineCommand, type ParsedArgs } from "citty";
import type { Flags } from "../config/read-variables.ts";
import { HeddleError } from "../errors.ts";

/** Flags of commands that open the database. */
export const DATABASE_FLAGS = {
  home: {
    type: "string",
    description: "Folder for all of Heddle's data (HEDDLE_HOME, default ~/.local/state/heddle)",
    valueHint: "dir",
  },
  "database-url": {
    type: "string",
    description: "postgres:// URL (DATABASE_URL, default: the embedded database)",
    valueHint: "url",
  },
} satisfies ArgsDef;

/** Flags of the server. */
export const FLAGS = {
  home: DATABASE_FLAGS.home,
  host: { type: "string", description: "Address to listen on (HOST, default 127.0.0.1)" },
  port: { type: "string", description: "Port to listen on (PORT, default 8000; 0: any free one)" },
  "database-url": DATABASE_FLAGS["database-url"],
} satisfies ArgsDef;

/** Names the server to talk to; without `url` it is the server that runs on this home. */
export interface ClientFlags extends Flags {
  url?: string;
  "api-key"?: string;
}

/** Flags of commands that talk to a running server. */
export const CLIENT_FLAGS = {
  home: FLAGS.home,
  url: {
    type: "string",
    description: "Server to talk to (HEDDLE_URL, default: the one that runs on the home)",
    valueHint: "url",
  },
  "api-key": {
    type: "string",
    description: "API key for that server; HEDDLE_API_KEY is safer, since others can see a command line",
    valueHint: "key",
  },
} satisfies ArgsDef;

export const ATTACH = {
  type: "string",
  description: "An image, a text file or a PDF for the bot; may be repeated",
  valueHint: "file",
} as const;

/** "a, b" → ["a", "b"] */
export const list = (text: string): string[] => text.split(",").map((word) => word.trim());

/** A command that refuses unknown arguments, so that a mistyped flag is not silently ignored. */
export function leaf<Args extends ArgsDef>(command: {
  meta: { name: string; description: string };
  args: Args;
  run: (context: { args: ParsedArgs<Args>; rawArgs: string[] }) => Promise<void>;
}): CommandDef<Args> {
  const { meta, args, run } = command;
  const positionals = Object.values(args).filter(({ type }) => type === "positional").length;
  return defineCommand({
    meta,
    args,
    run(context) {
      const flags = context.rawArgs
        // A single dash stands for standard input.
        .filter((arg) => arg.startsWith("-") && arg !== "-")
        .map((arg) => arg.split("=")[0] ?? arg);
      const unknown = flags.find((flag) => !(flag.replace(/^--/, "") in args));
      const surplus = context.args._[positionals];
      const wrong = unknown ?? surplus;
      if (wrong !== undefined) {
        throw new HeddleError(
          "config",
          `${meta.name} does not take "${wrong}"; see heddle ${meta.name} --help.`,
        );
      }
      const twice = flags.find((flag, at) => flags.indexOf(flag) < at && !REPEATED.includes(flag));
      if (twice !== undefined)
        throw new HeddleError("config", `${twice} must be given once; see heddle ${meta.name} --help.`);
      const values = context.args as Record<string, unknown>;
      const empty = Object.keys(args).find((name) => values[name] === "");
      if (empty) {
        const isPositional = args[empty]?.type === "positional";
        const problem = isPositional
          ? `${empty.toUpperCase()} must not be empty`
          : `--${empty} needs a value`;
        throw new HeddleError("config", `${problem}.`);
      }
      return run(context);
    },
  });
}

/** Flags that may be given several times. */
const REPEATED = ["--attach", "--header"];

/** All values of a flag that may be repeated; the parser keeps only the last. */
export function allOf(flag: string, rawArgs: string[]): string[] {
  return rawArgs.flatMap((arg, at) => {
    if (arg.startsWith(`--${flag}=`)) return [arg.slice(flag.length + 3)];
    return arg === `--${flag}` ? [rawArgs[at + 1] ?? ""] : [];
  });
}

// argv → command. Commands that run until they are told to stop resolve when they have stopped.

import { type ArgsDef, type CommandDef, defineCommand, type ParsedArgs, runCommand, showUsage } from "citty";
import type { Flags } from "./config.ts";
import { HeddleError, messageOf } from "./errors.ts";

/** What the commands do; main.ts brings it. */
export interface Commands {
  version: string;
  serve(flags: Flags): Promise<void>;
  worker(flags: Flags): Promise<void>;
  migrate(flags: Flags): Promise<void>;
  createKey(flags: Flags, key: { name: string; scopes: string[] }): Promise<void>;
  listKeys(flags: Flags): Promise<void>;
  revokeKey(flags: Flags, id: string): Promise<void>;
  signingSecret(flags: Flags): Promise<void>;
  newIntegration(wanted: { name: string; parts: string[] | undefined; dir: string }): Promise<void>;
  writeTypes(dir: string): Promise<void>;
  dev(wanted: {
    dir: string;
    port: string | undefined;
    home: string | undefined;
    dryRun: boolean;
    realModel: boolean;
  }): Promise<void>;
  install(wanted: { target: string; scripts: boolean }, flags: Flags): Promise<void>;
  check(
    wanted: { dir: string | undefined; json: boolean; test: boolean; start: boolean; rules: boolean },
    flags: Flags,
  ): Promise<void>;
  replay(flags: ClientFlags, id: string): Promise<void>;
  receive(
    flags: ClientFlags,
    webhook: {
      integration: string;
      file: string;
      path: string | undefined;
      event: string | undefined;
      delivery: string | undefined;
      headers: string[];
    },
  ): Promise<void>;
}

/** Which server to talk to; without `url` the one that runs on the home. */
export interface ClientFlags extends Flags {
  url?: string;
  "api-key"?: string;
}

const FLAGS = {
  home: { type: "string", description: "Folder that holds everything (HEDDLE_HOME)", valueHint: "dir" },
  host: { type: "string", description: "Address to listen on (HOST, default 127.0.0.1)" },
  port: { type: "string", description: "Port to listen on (PORT, default 8000; 0: any free one)" },
  "database-url": {
    type: "string",
    description: "postgres:// URL (DATABASE_URL, default: the embedded database)",
    valueHint: "url",
  },
} satisfies ArgsDef;

const CLIENT_FLAGS = {
  home: FLAGS.home,
  url: {
    type: "string",
    description: "Server to talk to (HEDDLE_URL, default: the one that runs on the home)",
    valueHint: "url",
  },
  "api-key": {
    type: "string",
    description: "Key for it; better in HEDDLE_API_KEY, where others cannot see it",
    valueHint: "key",
  },
} satisfies ArgsDef;

/** Runs the command and returns the exit code. Errors that a user can mend are one line on standard error. */
export async function runCli(argv: string[], commands: Commands): Promise<number> {
  const main = mainCommand(commands);
  try {
    if (argv.includes("--version") || argv[0] === "version") console.log(commands.version);
    else if (argv.length === 0 || argv.includes("--help") || argv.includes("-h"))
      await showUsage(...usageOf(main, argv));
    else await runCommand(main, { rawArgs: argv });
    return 0;
  } catch (error) {
    // Faults of the program itself keep their stack; everything else is for the user to mend.
    const known = error instanceof HeddleError || (error as { code?: unknown })?.code !== undefined;
    console.error(known ? `heddle: ${messageOf(error)}` : error);
    return 1;
  }
}

function mainCommand(commands: Commands) {
  const keys = defineCommand({
    meta: { name: "keys", description: "API keys" },
    subCommands: {
      create: leaf({
        meta: { name: "create", description: "Make an API key and print it, once" },
        args: {
          ...FLAGS,
          name: { type: "string", required: true, description: "What the key is for" },
          scopes: {
            type: "string",
            default: "admin",
            description: "Comma-separated, such as sessions:write,tasks:read",
          },
        },
        run: ({ args }) => commands.createKey(args, { name: args.name, scopes: list(args.scopes) }),
      }),
      list: leaf({
        meta: { name: "list", description: "List API keys" },
        args: FLAGS,
        run: ({ args }) => commands.listKeys(args),
      }),
      revoke: leaf({
        meta: { name: "revoke", description: "Revoke an API key" },
        args: { ...FLAGS, id: { type: "positional", required: true, description: "The key's id" } },
        run: ({ args }) => commands.revokeKey(args, args.id),
      }),
      "signing-secret": defineCommand({
        meta: {
          name: "signing-secret",
          description: "Print the secret that outgoing webhooks are signed with",
        },
        args: FLAGS,
        run: ({ args }) => commands.signingSecret(args),
      }),
    },
  });
  return defineCommand({
    meta: { name: "heddle", version: commands.version, description: "A self-hosted server for AI agents" },
    subCommands: {
      serve: leaf({
        meta: { name: "serve", description: "Run the server and a worker" },
        args: FLAGS,
        run: ({ args }) => commands.serve(args),
      }),
      worker: leaf({
        meta: { name: "worker", description: "Run a worker alone (PostgreSQL only)" },
        args: FLAGS,
        run: ({ args }) => commands.worker(args),
      }),
      migrate: leaf({
        meta: { name: "migrate", description: "Bring the database's tables up to date, and exit" },
        args: FLAGS,
        run: ({ args }) => commands.migrate(args),
      }),
      keys,
      new: leaf({
        meta: {
          name: "new",
          description: "Write a working integration, with tests and types, to begin with",
        },
        args: {
          name: { type: "positional", required: true, description: "Its id, and the name of its folder" },
          with: {
            type: "string",
            description:
              "Comma-separated parts of: router, dispatcher, hooks, process, tools, skills, config, setup, carapace (default: router,dispatcher,tools,skills,config,setup)",
            valueHint: "parts",
          },
          dir: { type: "string", default: ".", description: "Where to make the folder", valueHint: "dir" },
        },
        run: ({ args }) =>
          commands.newIntegration({
            name: args.name,
            parts: args.with === undefined ? undefined : list(args.with),
            dir: args.dir,
          }),
      }),
      replay: leaf({
        meta: { name: "replay", description: "Let an integration handle a recorded webhook again" },
        args: {
          ...CLIENT_FLAGS,
          id: { type: "positional", required: true, description: "The inbox event's id" },
        },
        run: ({ args }) => commands.replay(args, args.id),
      }),
      receive: leaf({
        meta: { name: "receive", description: "Send an integration a webhook, signed as its sender would" },
        args: {
          ...CLIENT_FLAGS,
          integration: { type: "positional", required: true, description: "Its id" },
          file: {
            type: "positional",
            required: true,
            description: 'The body, or {"headers", "body"} as the inbox has it; - reads standard input',
          },
          event: { type: "string", description: "Name of the event, for senders that put it into a header" },
          delivery: {
            type: "string",
            description: "Id of the delivery, for senders that put it into a header (default: a new one)",
            valueHint: "id",
          },
          path: {
            type: "string",
            description: "Below /integrations/<id> (default: the manifest's webhook)",
          },
          header: {
            type: "string",
            description: "A further header; may be given several times",
            valueHint: "name:value",
          },
        },
        run: ({ args, rawArgs }) =>
          commands.receive(args, {
            integration: args.integration,
            file: args.file,
            path: args.path,
            event: args.event,
            delivery: args.delivery,
            headers: allOf("header", rawArgs),
          }),
      }),
      dev: leaf({
        meta: {
          name: "dev",
          description:
            "Serve an integration while you write it: scripted model, everything shown as it happens",
        },
        args: {
          folder: { type: "positional", default: ".", description: "The integration's, or one of several" },
          port: { type: "string", description: "Port to listen on (default 8000; 0: any free one)" },
          home: {
            type: "string",
            description: "Folder for the database (default: .heddle-dev in the folder)",
            valueHint: "dir",
          },
          "dry-run": {
            type: "boolean",
            default: false,
            description: "Show deliveries instead of making them",
          },
          "real-model": {
            type: "boolean",
            default: false,
            description:
              "Ask the configured model (OPENAI_API_KEY, OPENAI_BASE_URL) instead of dev.script.yaml",
          },
        },
        run: ({ args }) =>
          commands.dev({
            dir: args.folder,
            port: args.port,
            home: args.home,
            dryRun: args["dry-run"],
            realModel: args["real-model"],
          }),
      }),
      types: leaf({
        meta: {
          name: "types",
          description: "Write the SDK and its types into an integration's folder, for editors and tests",
        },
        args: { folder: { type: "positional", default: ".", description: "Of the integration" } },
        run: ({ args }) => commands.writeTypes(args.folder),
      }),
      install: leaf({
        meta: { name: "install", description: "Install the npm packages of an integration's package.json" },
        args: {
          integration: { type: "positional", required: true, description: "Its id, or its folder" },
          scripts: {
            type: "boolean",
            default: false,
            description: "Let the packages run their own install scripts, which are code of strangers",
          },
          home: FLAGS.home,
        },
        run: ({ args: { integration, scripts, home } }) =>
          commands.install({ target: integration, scripts }, { ...(home !== undefined && { home }) }),
      }),
      check: leaf({
        meta: {
          name: "check",
          description: "Load integrations without serving them, and say what is wrong with each",
        },
        args: {
          folder: {
            type: "positional",
            required: false,
            description: "An integration's, or one of integrations (default: all that a server would load)",
          },
          test: { type: "boolean", default: false, description: "Also run its tests" },
          start: {
            type: "boolean",
            default: false,
            description: "Also start its process, for three seconds",
          },
          json: { type: "boolean", default: false, description: "Print JSON" },
          rules: { type: "boolean", default: false, description: "Print what is looked at, and stop" },
          home: FLAGS.home,
        },
        run: ({ args: { folder, json, test, start, rules, home } }) =>
          commands.check({ dir: folder, json, test, start, rules }, { ...(home !== undefined && { home }) }),
      }),
    },
  });
}

const list = (text: string): string[] => text.split(",").map((word) => word.trim());

/** All values of a flag that may be given several times, of which the parser keeps the last. */
function allOf(flag: string, rawArgs: string[]): string[] {
  return rawArgs.flatMap((arg, at) => {
    if (arg.startsWith(`--${flag}=`)) return [arg.slice(flag.length + 3)];
    return arg === `--${flag}` ? [rawArgs[at + 1] ?? ""] : [];
  });
}

/** A command that refuses what it does not know: a mistyped flag must not be a default in disguise. */
function leaf<Args extends ArgsDef>(command: {
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
        // A dash alone stands for standard input.
        .filter((arg) => arg.startsWith("-") && arg !== "-")
        .map((arg) => arg.split("=")[0] ?? arg);
      const unknown = flags.find((flag) => !(flag.replace(/^--/, "") in args));
      const surplus = context.args._[positionals];
      const wrong = unknown ?? surplus;
      if (wrong !== undefined) {
        throw new HeddleError(
          "config",
          `${meta.name} does not know "${wrong}"; see heddle ${meta.name} --help.`,
        );
      }
      const values = context.args as Record<string, unknown>;
      const empty = Object.keys(args).find((name) => values[name] === "");
      if (empty) throw new HeddleError("config", `--${empty} needs a value.`);
      return run(context);
    },
  });
}

type Command = ReturnType<typeof mainCommand>;

/** The command whose help was asked for, and its parent. */
function usageOf(main: Command, argv: string[]): Parameters<typeof showUsage> {
  let command: Command = main;
  let parent: Command | undefined;
  for (const word of argv) {
    const next = (command.subCommands as Record<string, Command> | undefined)?.[word];
    if (!next) break;
    parent = command;
    command = next;
  }
  return [command, parent];
}

// argv → command. The promise of a long-running command resolves when it has stopped.

import { inspect } from "node:util";
import { defineCommand, runCommand } from "citty";
import type { Flags } from "../config/read-variables.ts";
import { errorMessage, HeddleError } from "../errors.ts";
import { loggableValue } from "../log-error.ts";
import { type AuthoringCommands, authoringCommands } from "./cli-authoring.ts";
import { ATTACH, allOf, CLIENT_FLAGS, type ClientFlags, DATABASE_FLAGS, FLAGS, leaf } from "./cli-leaf.ts";
import { type RunningCommands, runningCommands } from "./cli-running.ts";
import { type SearchCommands, searchCommands } from "./cli-search.ts";
import { namedCommand, usage, withHelp } from "./cli-usage.ts";
import { SCOPES_HELP, scopesOf } from "./key-scopes.ts";
import { plain } from "./plain.ts";
import { containOutputs, say } from "./stray-code.ts";

/** The implementation of the commands, which main.ts passes in. */
export interface Commands extends AuthoringCommands, RunningCommands, SearchCommands {
  version: string;
  serve(flags: Flags): Promise<void>;
  worker(flags: Flags): Promise<void>;
  migrate(flags: Flags): Promise<void>;
  createKey(flags: Flags, key: { name: string; scopes: string[]; rows: string | undefined }): Promise<void>;
  listKeys(flags: Flags): Promise<void>;
  revokeKey(flags: Flags, id: string): Promise<void>;
  signingSecret(flags: Flags): Promise<void>;
  loginLink(flags: Flags, scopes: string | undefined): Promise<void>;
  rotateKeys(flags: Flags): Promise<void>;
  unit(which: "unit" | "environment"): Promise<void>;
  ask(
    flags: ClientFlags,
    question: { text: string; bot: string | undefined; isNew: boolean; timeout: string; attach: string[] },
  ): Promise<void>;
  chat(
    flags: ClientFlags,
    talk: { bot: string | undefined; isNew: boolean; attach: string[] },
  ): Promise<void>;
  replay(flags: ClientFlags, id: string): Promise<void>;
  fixture(flags: ClientFlags, wanted: { id: string; dir: string }): Promise<void>;
  receive(
    flags: ClientFlags,
    webhook: {
      integration: string;
      file: string;
      path: string | undefined;
      event: string | undefined;
      delivery: string | undefined;
      token: string | undefined;
      tokenHeader: string | undefined;
      headers: string[];
    },
  ): Promise<void>;
}

/** Runs the command and returns the exit code. An error that a user can fix is one line on standard error. */
export async function runCli(argv: string[], commands: Commands): Promise<number> {
  const main = mainCommand(commands);
  containOutputs();
  try {
    if (argv.includes("--version") || VERSION.includes(argv[0] ?? "")) say(commands.version);
    else if (argv.length === 0 || argv[0] === "help" || argv.includes("--help") || argv.includes("-h"))
      say(await usage(main, argv[0] === "help" ? argv.slice(1) : argv, process.stdout.isTTY === true));
    else {
      const { path } = namedCommand(main, argv, { requireLeaf: true });
      await runCommand(main, { rawArgs: argv }).catch(withHelp(path));
    }
    return 0;
  } catch (error) {
    // Bugs of the program keep their stack, without the parameters of a failed statement; everything else is for the user to fix.
    const known = error instanceof HeddleError || (error as { code?: unknown })?.code !== undefined;
    // The console would write to the log once a server has started.
    process.stderr.write(
      `${known ? plain(`heddle: ${errorMessage(error)}`) : inspect(loggableValue(error))}\n`,
    );
    return 1;
  }
}

const VERSION = ["version", "-v", "-V"];

/** All of Heddle's commands. */
export function mainCommand(commands: Commands) {
  const keys = defineCommand({
    meta: { name: "keys", description: "API keys, the encryption key and the signing secret" },
    subCommands: {
      create: leaf({
        meta: { name: "keys create", description: "Make an API key and print it, once" },
        args: {
          ...DATABASE_FLAGS,
          name: { type: "string", required: true, description: "What the key is for" },
          scopes: { type: "string", description: SCOPES_HELP, valueHint: "scopes" },
          rows: {
            type: "string",
            description:
              "Which rows the key reaches: own or all (default: all for admin and for read-only keys)",
            valueHint: "own|all",
          },
        },
        run: ({ args }) =>
          commands.createKey(args, { name: args.name, scopes: scopesOf(args.scopes), rows: args.rows }),
      }),
      list: leaf({
        meta: { name: "keys list", description: "List API keys" },
        args: DATABASE_FLAGS,
        run: ({ args }) => commands.listKeys(args),
      }),
      revoke: leaf({
        meta: { name: "keys revoke", description: "Revoke an API key" },
        args: { ...DATABASE_FLAGS, id: { type: "positional", required: true, description: "The key's id" } },
        run: ({ args }) => commands.revokeKey(args, args.id),
      }),
      rotate: leaf({
        meta: {
          name: "keys rotate",
          description: "Re-encrypt all stored secrets with another encryption key",
        },
        args: DATABASE_FLAGS,
        run: ({ args }) => commands.rotateKeys(args),
      }),
      "signing-secret": leaf({
        meta: {
          name: "keys signing-secret",
          description: "Print the secret that outgoing webhooks are signed with",
        },
        args: DATABASE_FLAGS,
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
        args: DATABASE_FLAGS,
        run: ({ args }) => commands.worker(args),
      }),
      migrate: leaf({
        meta: { name: "migrate", description: "Apply the database migrations, and exit" },
        args: DATABASE_FLAGS,
        run: ({ args }) => commands.migrate(args),
      }),
      "login-link": leaf({
        meta: { name: "login-link", description: "Print a link with which a browser signs in, once" },
        args: {
          ...DATABASE_FLAGS,
          scopes: {
            type: "string",
            description: "What the browser may do, as for keys create (default: everything)",
            valueHint: "scopes",
          },
        },
        run: ({ args }) => commands.loginLink(args, args.scopes),
      }),
      keys,
      unit: leaf({
        meta: { name: "unit", description: "Print the systemd unit to install beside the binary" },
        args: {
          env: {
            type: "boolean",
            default: false,
            description: "Print an example of its environment file instead",
          },
        },
        run: ({ args }) => commands.unit(args.env ? "environment" : "unit"),
      }),
      ...runningCommands(commands),
      ...authoringCommands(commands),
      ask: leaf({
        meta: { name: "ask", description: "Ask a bot on the running server, and print its answer" },
        args: {
          ...CLIENT_FLAGS,
          text: { type: "positional", required: true, description: "The message; - reads standard input" },
          bot: { type: "string", description: "Id of the bot (default: default)", valueHint: "id" },
          new: {
            type: "boolean",
            default: false,
            description: "Start a new conversation instead of continuing yours",
          },
          timeout: {
            type: "string",
            default: "300",
            description: "Seconds to wait for the answer",
            valueHint: "seconds",
          },
          attach: ATTACH,
        },
        run: ({ args, rawArgs }) =>
          commands.ask(args, {
            text: args.text,
            bot: args.bot,
            isNew: args.new,
            timeout: args.timeout,
            attach: allOf("attach", rawArgs),
          }),
      }),
      chat: leaf({
        meta: { name: "chat", description: "Talk to a bot on the running server" },
        args: {
          ...CLIENT_FLAGS,
          bot: { type: "positional", required: false, description: "Id of the bot (default: default)" },
          new: {
            type: "boolean",
            default: false,
            description: "Start a new conversation instead of continuing yours",
          },
          attach: ATTACH,
        },
        run: ({ args, rawArgs }) =>
          commands.chat(args, {
            bot: args.bot || undefined,
            isNew: args.new,
            attach: allOf("attach", rawArgs),
          }),
      }),
      ...searchCommands(commands),
      fixture: leaf({
        meta: {
          name: "fixture",
          description: "Write a fixture of a run for heddle eval, of the running server",
        },
        args: {
          ...CLIENT_FLAGS,
          id: { type: "positional", required: true, description: "The id of a run, or of an inbox event" },
          dir: { type: "string", default: "evals", description: "Folder to write it to", valueHint: "dir" },
        },
        run: ({ args }) => commands.fixture(args, { id: args.id, dir: args.dir }),
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
        meta: {
          name: "receive",
          description: "Send a webhook to an integration, signed as its sender would sign it",
        },
        args: {
          ...CLIENT_FLAGS,
          integration: { type: "positional", required: true, description: "The integration's id" },
          file: {
            type: "positional",
            required: true,
            description:
              'File with the body, or with {"headers", "body"} as the inbox records it; - reads standard input',
          },
          event: { type: "string", description: "Name of the event, for senders that put it in a header" },
          delivery: {
            type: "string",
            description: "Id of the delivery, for senders that put it in a header (default: a new one)",
            valueHint: "id",
          },
          path: {
            type: "string",
            description: "Path below /integrations/<id> (default: the manifest's webhook path)",
          },
          token: {
            type: "string",
            description:
              "The secret to sign with (default: the one in the settings), or a bearer token if the manifest has no verifier",
          },
          "token-header": {
            type: "string",
            description: "Header in which to send --token unchanged, such as x-acme-token",
            valueHint: "name",
          },
          header: {
            type: "string",
            description: "A header to add; may be repeated",
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
            token: args.token,
            tokenHeader: args["token-header"],
            headers: allOf("header", rawArgs),
          }),
      }),
    },
  });
}

// The commands for authors of integrations.

import { DEFAULT_PARTS, PARTS } from "../authoring/template.ts";
import type { Flags } from "../config/read-variables.ts";
import { CLIENT_FLAGS, type ClientFlags, FLAGS, leaf, list } from "./cli-leaf.ts";

export interface AuthoringCommands {
  newIntegration(wanted: { name: string; parts: string[] | undefined; dir: string }): Promise<void>;
  writeTypes(dir: string): Promise<void>;
  dev(wanted: {
    dir: string;
    port: string | undefined;
    home: string | undefined;
    dryRun: boolean;
    realModel: boolean;
  }): Promise<void>;
  eval(wanted: EvalWanted, flags: ClientFlags): Promise<void>;
  install(wanted: { target: string; add: string[]; scripts: boolean }, flags: Flags): Promise<void>;
  check(
    wanted: {
      dir: string | undefined;
      json: boolean;
      test: boolean;
      start: boolean;
      rules: boolean;
      trust: boolean;
      request: string | undefined;
    },
    flags: Flags,
  ): Promise<void>;
}

export interface EvalWanted {
  path: string;
  realModel: boolean;
  junit: string | undefined;
  /** Whether the results are stored on the server. */
  store: boolean;
}

export function authoringCommands(commands: AuthoringCommands) {
  return {
    new: leaf({
      meta: {
        name: "new",
        description: "Write a working integration with tests and types to start from",
      },
      args: {
        name: {
          type: "positional",
          required: true,
          description: "The integration's id, which is also the name of its folder",
        },
        with: {
          type: "string",
          description: `Comma-separated parts of: ${PARTS.join(", ")} (default: ${DEFAULT_PARTS.join()})`,
          valueHint: "parts",
        },
        dir: { type: "string", default: ".", description: "Where to create the folder", valueHint: "dir" },
      },
      run: ({ args }) =>
        commands.newIntegration({
          name: args.name,
          parts: args.with === undefined ? undefined : list(args.with),
          dir: args.dir,
        }),
    }),
    dev: leaf({
      meta: {
        name: "dev",
        description:
          "Serve an integration while you write it: scripted model, everything shown as it happens",
      },
      args: {
        folder: { type: "positional", default: ".", description: "Folder of an integration, or of several" },
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
            "Ask the configured model (OPENAI_API_KEY, OPENAI_BASE_URL, ANTHROPIC_API_KEY) instead of dev.script.yaml",
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
    eval: leaf({
      meta: {
        name: "eval",
        description:
          "Run fixtures against a bot on a copy: nothing is delivered, tools answer what was recorded",
      },
      args: {
        ...CLIENT_FLAGS,
        path: { type: "positional", default: "evals", description: "Folder of fixtures, or one of them" },
        "real-model": {
          type: "boolean",
          default: false,
          description:
            "Ask the configured model (OPENAI_API_KEY, OPENAI_BASE_URL, ANTHROPIC_API_KEY) instead of eval.script.yaml",
        },
        junit: { type: "string", description: "Also write the results as JUnit's XML", valueHint: "file" },
        store: {
          type: "boolean",
          default: false,
          description: "Store the results on the running server, whose admin UI shows them",
        },
      },
      run: ({ args: { path, junit, store, "real-model": realModel, ...flags } }) =>
        commands.eval({ path, realModel, junit, store }, flags),
    }),
    types: leaf({
      meta: {
        name: "types",
        description: "Write the SDK and its types into an integration's folder, for editors and tests",
      },
      args: { folder: { type: "positional", default: ".", description: "Folder of the integration" } },
      run: ({ args }) => commands.writeTypes(args.folder),
    }),
    install: leaf({
      meta: { name: "install", description: "Install the npm packages of an integration's package.json" },
      args: {
        integration: { type: "positional", required: true, description: "Id or folder of the integration" },
        add: {
          type: "string",
          description: "Packages to add to its package.json, separated by commas: mqtt,@octokit/core@7.0.8",
          valueHint: "packages",
        },
        scripts: {
          type: "boolean",
          default: false,
          description: "Let packages that package.json trusts run their own install scripts",
        },
        home: FLAGS.home,
      },
      run: ({ args: { integration, add, scripts, home } }) =>
        commands.install(
          { target: integration, add: add === undefined ? [] : list(add), scripts },
          { ...(home !== undefined && { home }) },
        ),
    }),
    check: leaf({
      meta: {
        name: "check",
        description: "Load integrations without serving them, and report problems in each",
      },
      args: {
        folder: {
          type: "positional",
          required: false,
          description: "Folder of an integration, or of several (default: all that a server would load)",
        },
        test: { type: "boolean", default: false, description: "Also run its tests" },
        start: {
          type: "boolean",
          default: false,
          description: "Also run its process for three seconds",
        },
        json: { type: "boolean", default: false, description: "Print JSON" },
        rules: { type: "boolean", default: false, description: "Print the rules, and exit" },
        trust: {
          type: "boolean",
          default: false,
          description: "Run its code with all your permissions instead of confined",
        },
        request: { type: "string", description: "Used by Heddle itself", valueHint: "file" },
        home: FLAGS.home,
      },
      run: ({ args: { folder, json, test, start, rules, trust, request, home } }) =>
        commands.check(
          { dir: folder, json, test, start, rules, trust, request },
          { ...(home !== undefined && { home }) },
        ),
    }),
  };
}

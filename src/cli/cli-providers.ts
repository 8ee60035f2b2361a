// `heddle providers`: the endpoints with models of a running server.

import { defineCommand } from "citty";
import { allOf, CLIENT_FLAGS, type ClientFlags, leaf } from "./cli-leaf.ts";

export interface ProviderCommands {
  listProviders(flags: ClientFlags): Promise<void>;
  addProvider(
    flags: ClientFlags,
    provider: {
      id: string;
      adapter: string;
      baseUrl: string | undefined;
      key: string | undefined;
      model: string | undefined;
      isDefault: boolean;
      headers: string[];
    },
  ): Promise<void>;
  testProvider(flags: ClientFlags, tested: { id: string; model: string | undefined }): Promise<void>;
  listModels(flags: ClientFlags, id: string): Promise<void>;
  removeProvider(flags: ClientFlags, id: string): Promise<void>;
}

const ID = { type: "positional", required: true, description: "The provider's id" } as const;

export function providerCommands(commands: ProviderCommands) {
  return defineCommand({
    meta: { name: "providers", description: "Endpoints with models of the running server" },
    subCommands: {
      list: leaf({
        meta: { name: "providers list", description: "List providers" },
        args: CLIENT_FLAGS,
        run: ({ args }) => commands.listProviders(args),
      }),
      add: leaf({
        meta: {
          name: "providers add",
          description: "Add a provider; docs/models.md has the values for each vendor",
        },
        args: {
          ...CLIENT_FLAGS,
          id: { ...ID, description: "Its id, the first part of its models' names" },
          "base-url": {
            type: "string",
            description: "The endpoint's address (default: the vendor's own)",
            valueHint: "url",
          },
          adapter: {
            type: "string",
            default: "chat_completions",
            description: "The protocol: chat_completions, responses or anthropic",
            valueHint: "name",
          },
          key: { type: "string", description: "The endpoint's key; - reads it from standard input" },
          model: { type: "string", description: "The model of bots that name none", valueHint: "name" },
          default: { type: "boolean", default: false, description: "Make it the default provider" },
          header: {
            type: "string",
            description: "A header to send with each request; may be repeated",
            valueHint: "name:value",
          },
        },
        run: ({ args, rawArgs }) =>
          commands.addProvider(args, {
            id: args.id,
            adapter: args.adapter,
            baseUrl: args["base-url"],
            key: args.key,
            model: args.model,
            isDefault: args.default,
            headers: allOf("header", rawArgs),
          }),
      }),
      test: leaf({
        meta: {
          name: "providers test",
          description: "Send a model two short requests, and print what works",
        },
        args: {
          ...CLIENT_FLAGS,
          id: ID,
          model: { type: "string", description: "The model (default: the provider's)", valueHint: "name" },
        },
        run: ({ args }) => commands.testProvider(args, { id: args.id, model: args.model }),
      }),
      models: leaf({
        meta: { name: "providers models", description: "List the models that a provider has" },
        args: { ...CLIENT_FLAGS, id: ID },
        run: ({ args }) => commands.listModels(args, args.id),
      }),
      remove: leaf({
        meta: { name: "providers remove", description: "Remove a provider" },
        args: { ...CLIENT_FLAGS, id: ID },
        run: ({ args }) => commands.removeProvider(args, args.id),
      }),
    },
  });
}

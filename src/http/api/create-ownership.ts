import { type CapabilitiesOf, PLAIN_CHANNEL, PLAIN_MESSAGE } from "../../capabilities/effective-set.ts";
import type { IntegrationDirectory } from "../../channels/integration-directory.ts";
import type { Bots } from "../../content/bots/bots.ts";
import type { Database } from "../../db/database.ts";
import type { Auth } from "../auth.ts";
import { createOwnership, type Ownership } from "./ownership.ts";
import { type Brought, createToolGrants } from "./tool-grants.ts";

export interface OwnershipParts {
  db: Database;
  auth: Auth;
  directory: Pick<IntegrationDirectory, "prefixes">;
  integrations: {
    /** Called for each request whose key does not reach all rows. */
    ids(): readonly string[];
    list(): { id: string; tools: string[]; dispatchers: string[] }[];
  };
  bots: Pick<Bots, "list">;
  tools: { get(name: string): { byNameOnly?: boolean | undefined } | undefined };
  capabilitiesOf: CapabilitiesOf;
}

/** Creates the ownership checks from the parts that know who owns what. */
export function createApiOwnership({
  db,
  auth,
  directory,
  integrations,
  bots,
  tools,
  capabilitiesOf,
}: OwnershipParts): Ownership {
  const toolsIn = ({ carapaces = [], activations = [] }: Brought): string[] =>
    capabilitiesOf({
      bot: { tools: [], skills: [], carapaces },
      channel: { ...PLAIN_CHANNEL, activations },
      message: PLAIN_MESSAGE,
    }).tools.own;
  return createOwnership({
    db,
    auth,
    prefixes: directory.prefixes,
    integrationIds: integrations.ids,
    grants: createToolGrants({
      bots: bots.list,
      isByNameOnly: (name) => tools.get(name)?.byNameOnly === true,
      toolsOf: (id) => integrations.list().find((one) => one.id === id)?.tools ?? [],
      toolsIn,
      dispatcherOf: (type) =>
        integrations.list().find(({ dispatchers }) => dispatchers.includes(type))?.id ?? null,
    }),
  });
}

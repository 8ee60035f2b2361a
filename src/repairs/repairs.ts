// All repairs that a caller may see, the most serious first.

import type { Queryable } from "../db/database.ts";
import type { Reach } from "../db/reach.ts";
import type { Connection } from "../listeners/connections.ts";
import { type AccountSeen, accountRepairs } from "./account-repairs.ts";
import { connectionRepairs } from "./connection-repairs.ts";
import { type IntegrationRepairsOptions, integrationRepairs } from "./integration-repairs.ts";
import { type McpServerSeen, mcpRepairs } from "./mcp-repairs.ts";
import { peopleRepairs } from "./people-repairs.ts";
import { type ProviderSeen, providerRepairs } from "./provider-repairs.ts";
import type { Repair } from "./repair.ts";
import { rowRepairs } from "./row-repairs.ts";

export interface RepairsOptions extends IntegrationRepairsOptions {
  query: Queryable;
  providers: () => readonly ProviderSeen[];
  mcpServers: () => McpServerSeen[];
  connections: () => Promise<Connection[]>;
  /** Accounts at services in which people sign Heddle in. */
  accounts: () => AccountSeen[];
  now?: () => number;
}

export type ListRepairs = (caller: {
  reach: Reach | undefined;
  may: (scope: string) => boolean;
}) => Promise<Repair[]>;

const ORDER: Repair["severity"][] = ["error", "warning", "info"];

export function createRepairs(options: RepairsOptions): ListRepairs {
  const { query, mcpServers, integrations, now = Date.now } = options;
  return async ({ reach, may }) => {
    const names = new Map(
      integrations.list().flatMap(({ id, name, enabled }) => (enabled ? [[id, name] as const] : [])),
    );
    const nameOf = (id: string) => names.get(id);
    const [ofIntegrations, ofRows, ofPeople, connections] = await Promise.all([
      integrationRepairs(options),
      rowRepairs({ query, reach, now: now() }),
      peopleRepairs(query, (id) => nameOf(id) ?? id, { reach, now: now() }),
      options.connections(),
    ]);
    const own = reach?.integrationId;
    const accounts = options.accounts();
    const ofConnections = connectionRepairs(connections, { nameOf, accounts }, now());
    const ofAccounts = accountRepairs(accounts, nameOf, connections);
    const seen = [...ofIntegrations, ...ofConnections, ...ofAccounts].filter(
      ({ integration_id }) => !own || integration_id === own,
    );
    const ofServers = reach
      ? []
      : [...mcpRepairs(mcpServers(), now()), ...providerRepairs(options.providers())];
    const all = [
      ...seen,
      ...ofRows,
      ...ofPeople,
      ...ofServers,
      ...(options.providers().length > 0 || reach ? [] : [NO_MODEL]),
    ];
    return all
      .filter(({ scope }) => may(scope))
      .sort((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity) || (a.id < b.id ? -1 : 1));
  };
}

const NO_MODEL: Repair = {
  id: "no_model",
  kind: "no_model",
  severity: "info",
  title: "No model is configured.",
  detail: null,
  blocks: "The offline provider answers, with passages that it finds.",
  since: null,
  count: 1,
  integration_id: null,
  action: "add_provider",
  scope: "providers:read",
};

// The integrations with their settings, states and stores. They are loaded later, once the server listens.

import { join } from "node:path";
import type { Config } from "../config/config.ts";
import { integrationSources } from "../integrations/discovery/sources.ts";
import { createStalls } from "../integrations/loading/stalls.ts";
import { createLifecycle } from "../integrations/registry/lifecycle.ts";
import { createIntegrations } from "../integrations/registry/registry.ts";
import { createReview } from "../integrations/review/review.ts";
import { createEnvironmentNames } from "../integrations/settings/environment-names.ts";
import { createSettings } from "../integrations/settings/settings.ts";
import { createIntegrationStates } from "../integrations/settings/states.ts";
import { createIntegrationStore } from "../integrations/settings/store.ts";
import { createConnections } from "../listeners/connections.ts";
import { createListeners } from "../listeners/listeners.ts";
import { openAccounts } from "../oauth/accounts/accounts.ts";
import { build } from "../runtime/assets.ts";
import { stallRecordFile } from "../runtime/stall-record.ts";
import type { Closers } from "./closers.ts";
import type { Content } from "./content.ts";
import type { Storage } from "./storage.ts";

export type IntegrationParts = Awaited<ReturnType<typeof openIntegrations>>;

export async function openIntegrations(config: Config, storage: Storage, content: Content, closers: Closers) {
  const { home, db, log, redactor, vault } = storage;
  const { tools, dispatchers, hooks, skills, carapaces, templates, onDisk, workspace, writes } = content;
  const settings = createSettings({
    db,
    vault,
    addSecret: redactor.add,
    readEnvironment: createEnvironmentNames({
      environment: config.environment,
      isOwnVariable: config.isOwnVariable,
      ids: () => onDisk.ids(),
      favoured: config.favouredIntegrations,
      log: log.getChild("integrations"),
    }),
    log: log.getChild("integrations"),
  });
  await settings.load();
  closers.push(settings.close);
  const states = createIntegrationStates({ db, log: log.getChild("integrations") });
  await states.load();
  closers.push(states.close);
  const store = createIntegrationStore({ db, vault, addSecret: redactor.addPassing });
  const lifecycle = createLifecycle({
    log: log.getChild("integrations"),
    folderOf: (id) => registry.get(id)?.folder,
  });
  closers.push(lifecycle.close);
  const connections = createConnections({
    db,
    redact: redactor.redact,
    onError: (error) => log.error("The state of a connection could not be stored: {error}", { error }),
  });
  closers.push(connections.flush);
  const accounts = await openAccounts({
    ...{ db, vault, connections, log: log.getChild("integrations") },
    addPassing: redactor.addPassing,
  });
  closers.push(accounts.close);
  const listeners = createListeners({ db, connections, log: log.getChild("integrations") });
  const registry = createIntegrations({
    onDisk,
    sources: await integrationSources({ ...config, home: home.path, workspace: home.workspace }),
    cacheDir: join(home.cache, "integrations"),
    version: build.version,
    watch: true,
    log: log.getChild("integrations"),
    sinks: { tools, dispatchers, hooks, lifecycle, accounts, listeners, skills, carapaces, templates },
    states,
    redact: redactor.redact,
    stalls: createStalls({
      record: stallRecordFile(home.path),
      file: join(home.cache, "standstills.json"),
    }),
    review: createReview({ dir: workspace.root, keptIn: home.versions, writes }),
  });
  closers.push(registry.close);
  closers.push(settings.onChange(registry.retry));
  const approvals = await writes.onApproved(() => void registry.recheckPending());
  closers.push(approvals.close);
  /** From now on callbacks of integrations are called. A worker does not ask for it, because a server calls them. */
  const callLifecycle = () => {
    registry.onChange((id, event) => {
      if (event === "live") lifecycle.enabled(id);
    });
    settings.onChange(lifecycle.settingsChanged);
  };
  /** Connections that are reported by now; those of former listeners are left out. */
  const listConnections = async (integrationId?: string) =>
    (await connections.list(integrationId)).filter(
      ({ integration_id, name, is_listener }) =>
        !is_listener || listeners.names(integration_id).includes(name),
    );
  return {
    settings,
    states,
    store,
    registry,
    connections,
    accounts,
    callLifecycle,
    listeners,
    listConnections,
  };
}

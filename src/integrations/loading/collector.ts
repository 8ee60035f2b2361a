// Collects what the files of an integration register while they load.

import { sep } from "node:path";
import { HeddleError } from "../../errors.ts";
import { schemaProblem } from "../../schema/json-schema.ts";
import type {
  DeclaredSetting,
  RegisteredHook,
  RegisteredLifecycle,
  RegisteredListener,
  RegisteredOAuth,
  RegisteredTool,
  SdkSinks,
} from "../../sdk/backend.ts";
import type { SetupManifest } from "../../sdk/manifest.ts";
import type { Misspelling } from "../../sdk/misspelt.ts";
import type { Dispatcher, IntegrationMeta } from "../../sdk/types.ts";
import { locate } from "../discovery/locate.ts";

export interface Collector {
  tools: RegisteredTool[];
  dispatchers: Map<string, Dispatcher>;
  hooks: RegisteredHook[];
  lifecycle: RegisteredLifecycle[];
  listeners: RegisteredListener[];
  accounts: RegisteredOAuth[];
  settings: DeclaredSetting[];
  misspelt: Misspelling[];
  about: { meta: IntegrationMeta | undefined; setup: SetupManifest | undefined };
  sinks: SdkSinks;
  /** How much has been registered so far. */
  count(): number;
  /** After this, nothing more can be registered. */
  seal(): void;
}

/** `folder` is the integration's, used to name both locations of a duplicate registration. */
export function createCollector(folder: string): Collector {
  let sealed = false;
  const tools: RegisteredTool[] = [];
  const dispatchers = new Map<string, Dispatcher>();
  const hooks: RegisteredHook[] = [];
  const lifecycle: RegisteredLifecycle[] = [];
  const listeners: RegisteredListener[] = [];
  const accounts: RegisteredOAuth[] = [];
  const settings: DeclaredSetting[] = [];
  const misspelt: Misspelling[] = [];
  const about: Collector["about"] = { meta: undefined, setup: undefined };
  // An Error records where it was created, and formats its stack only when it is read.
  const registered = new Map<string, Error>();

  const open = (what: string) => {
    if (sealed) throw new HeddleError("conflict", `${what} can be registered only while the files load`);
  };
  const once = (what: string) => {
    open(what);
    const here = new Error();
    const earlier = registered.get(what);
    if (earlier) throw registeredTwice(what, [earlier, here], folder);
    registered.set(what, here);
  };

  const sinks: SdkSinks = {
    registerTool(tool) {
      checkSchema(`The parameters of tool ${tool.name}`, tool.parameters);
      once(`Tool "${tool.name}"`);
      tools.push(tool);
    },
    registerDispatcher(type, dispatcher) {
      checkSchema(`The config of dispatcher ${type}`, dispatcher.config);
      checkSchema(`The receipt of dispatcher ${type}`, dispatcher.receipt);
      once(`Dispatcher "${type}"`);
      dispatchers.set(type, dispatcher);
    },
    registerIntegration(meta) {
      once("Metadata");
      about.meta = meta;
    },
    registerHook(hook) {
      open(`A hook of ${hook.event}`);
      hooks.push(hook);
    },
    registerLifecycle(one) {
      open(`A callback for "${one.event}"`);
      lifecycle.push(one);
    },
    registerListener(listener) {
      once(`Listener "${listener.name}"`);
      listeners.push(listener);
    },
    registerOAuth(account) {
      once(`Account "${account.name}"`);
      accounts.push(account);
    },
    declareSetting(setting) {
      open(`Setting "${setting.key}"`);
      settings.push(setting);
    },
    misspelt: (names) => void misspelt.push(...names),
  };
  return {
    tools,
    dispatchers,
    hooks,
    lifecycle,
    listeners,
    accounts,
    settings,
    misspelt,
    about,
    sinks,
    count: () =>
      tools.length +
      dispatchers.size +
      hooks.length +
      lifecycle.length +
      listeners.length +
      accounts.length +
      settings.length +
      (about.meta ? 1 : 0),
    seal() {
      sealed = true;
      // The files that the errors point into may be deleted later.
      registered.clear();
    },
  };
}

/** Here, and not when it goes live, because the line that registers it is on the stack. */
function checkSchema(what: string, schema: unknown): void {
  if (typeof schema !== "object" || schema === null) return;
  const problem = schemaProblem(schema);
  if (problem !== undefined)
    throw new HeddleError("validation", `${what} must be JSON Schema, such as t.Object({ … }): ${problem}`);
}

function registeredTwice(what: string, at: Error[], folder: string): HeddleError {
  const locations = at.flatMap((error) => {
    const location = locate(error, folder);
    return location ? [`${location.file.slice(folder.length + sep.length)}:${location.line}`] : [];
  });
  const where = locations.length === 2 ? `: in ${locations.join(" and in ")}` : "";
  return new HeddleError("conflict", `${what} is registered twice${where}`);
}

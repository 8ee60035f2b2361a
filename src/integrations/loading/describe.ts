// Describes a version of an integration once its files have run: what they export and what they registered.

import type { Content } from "../../content/read.ts";
import type { Logger } from "../../log.ts";
import { misspellings, misspellingText } from "../../sdk/misspelt.ts";
import type { FoundIntegration } from "../discovery/discover.ts";
import { errorAt } from "../discovery/locate.ts";
import { mergeSettings, withRequiredOf } from "../manifest/declared-settings.ts";
import { checkSecretOf } from "../manifest/read-setup.ts";
import { createRouter, type IntegrationRouter } from "../routing/router.ts";
import type { Collector } from "./collector.ts";
import { type DeclaredProcess, declaredProcess, PROCESS_EXPORTS } from "./declared-process.ts";
import { insteadOf, kindOf } from "./exports.ts";
import type { LoadedIntegration } from "./load.ts";

/** What a file exports. */
export type Exports = Record<string, unknown>;

/** Throws an error with its location for an export that is invalid. */
export function describe(
  found: FoundIntegration,
  exports: Map<string, Exports>,
  { tools, dispatchers, hooks, lifecycle, listeners, accounts, settings, misspelt, about }: Collector,
  { release, log }: { release: () => Promise<void>; log: Logger },
): Omit<LoadedIntegration, keyof Content | "process" | "idle"> & { process: DeclaredProcess | undefined } {
  const { files } = found;
  const of = (file: string | undefined) => (file === undefined ? undefined : exports.get(file));
  const meta = of(files.index)?.meta;
  const info = (typeof meta === "object" && meta !== null ? meta : undefined) as Info | undefined;
  const { setup } = about;
  const merged = mergeSettings(settings, setup);
  if (files.setup && setup) checkSecretOf(`${found.folder}/${files.setup}`, setup, merged);
  const version = info?.version ?? setup?.version;
  if (info?.version !== undefined && setup?.version !== undefined && info.version !== setup.version) {
    log.warning(
      "meta.version of index.ts is {version}, and SETUP.version of setup.ts is {other}: the former counts. Leave one of them out",
      { version: info.version, other: setup.version },
    );
  }
  const unread = [
    ...misspelt,
    ...misspellings("meta of index.ts", info ?? {}, ["name", "version"]),
    ...misspellings("process.ts", of(files.process) ?? {}, PROCESS_EXPORTS),
  ];
  for (const one of unread) log.warning("{text}", { text: misspellingText(one) });
  for (const text of [...aboutMeta(found.id, info), ...declaredTwice(settings)])
    log.warning("{text}", { text });
  const router = files.router && routerOf(found, files.router, of(files.router) ?? {});
  const process =
    files.process && declaredProcess(`${found.folder}/${files.process}`, of(files.process) ?? {});
  return {
    name: typeof info?.name === "string" ? info.name : undefined,
    version: version === undefined ? undefined : String(version),
    tools,
    dispatchers,
    hooks,
    lifecycle,
    listeners,
    accounts,
    meta: about.meta,
    settings: withRequiredOf(merged, process ? process.requiredEnv : []),
    setup,
    process: process || undefined,
    router: router || undefined,
    misspelt: unread,
    release,
  };
}

interface Info {
  id?: unknown;
  name?: unknown;
  version?: unknown;
}

/** What is wrong with `meta` in index.ts; none of it keeps the integration from loading. */
function aboutMeta(id: string, info: Info | undefined): string[] {
  const of = "meta of index.ts";
  return [
    ...(info?.id !== undefined && info.id !== id
      ? [`${of} has the id ${JSON.stringify(info.id)}; the id is the name of the folder, "${id}"`]
      : []),
    ...(info?.name !== undefined && typeof info.name !== "string"
      ? [`The name in ${of} must be a text; got ${kindOf(info.name)}`]
      : []),
    ...(info?.version !== undefined && !["string", "number"].includes(typeof info.version)
      ? [`The version in ${of} must be a text; got ${kindOf(info.version)}`]
      : []),
  ];
}

/** Settings with more than one declaration in config.ts, of which the first counts for all. */
function declaredTwice(settings: Collector["settings"]): string[] {
  const first = new Map<string, string>();
  return settings.flatMap(({ key, schema }) => {
    const text = JSON.stringify(schema);
    const earlier = first.get(key);
    if (earlier === undefined) first.set(key, text);
    return earlier === undefined || earlier === text
      ? []
      : [
          `The setting ${key} is declared twice, with different schemas: the first one is shown to the operator`,
        ];
  });
}

function routerOf(found: FoundIntegration, file: string, exports: Exports): IntegrationRouter {
  const router = createRouter(exports.router);
  if (router) return router;
  const got =
    exports.router === undefined
      ? `nothing of that name${insteadOf("router", exports)}`
      : kindOf(exports.router);
  throw problem(found, file, `The file must export "router", an Elysia instance; got ${got}`);
}

const problem = (found: FoundIntegration, file: string, reason: string): Error =>
  errorAt(`${found.folder}/${file}`, 1, reason);

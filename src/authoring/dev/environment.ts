// The variables that `heddle dev` gives its integrations: those of the terminal, and those of the folder's .env, which is read
// again whenever it is saved.

import { existsSync, readFileSync, watch } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { errorMessage, HeddleError } from "../../errors.ts";
import type { Integrations } from "../../integrations/registry/integrations.ts";
import type { Settings } from "../../integrations/settings/settings.ts";

type Variables = Record<string, string | undefined>;

export interface DevEnvironmentOptions {
  /** The folder that is served. */
  folder: string;
  /** Variables that win over the file. */
  fixed: Readonly<Variables>;
  /** What counts for a name that neither `fixed` nor the file has. */
  others: Readonly<Variables>;
}

/** What the integrations' settings are read from: it changes with the file. */
export interface DevEnvironment {
  variables: Variables;
  /** Reads the file again. Returns the names whose values changed. */
  refresh(): string[];
  file: string;
}

export function createDevEnvironment({ folder, fixed, others }: DevEnvironmentOptions): DevEnvironment {
  const file = join(folder, ".env");
  const variables: Variables = { ...others, ...readVariables(file), ...fixed };
  return {
    variables,
    file,
    refresh() {
      const fresh: Variables = { ...others, ...readVariables(file), ...fixed };
      const names = [...new Set([...Object.keys(variables), ...Object.keys(fresh)])];
      const changed = names.filter((name) => variables[name] !== fresh[name]);
      for (const name of changed) {
        if (fresh[name] === undefined) delete variables[name];
        else variables[name] = fresh[name];
      }
      return changed.sort();
    },
  };
}

/** Empty when there is no such file. */
export function readVariables(path: string): Variables {
  if (!existsSync(path)) return {};
  try {
    return parseEnv(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new HeddleError("config", `${path} cannot be read: ${errorMessage(cause)}`, { cause });
  }
}

/** The parts of a running server that hear of a change. */
export interface EnvironmentServer {
  integrations: Pick<Integrations, "list">;
  settings: Pick<Settings, "effective" | "delete" | "environmentChanged">;
}

export interface FollowOptions {
  environment: DevEnvironment;
  folder: string;
  /** The integrations that are served. */
  ids: readonly string[];
  /** Whether only a start takes up a variable. */
  isOwnVariable(name: string): boolean;
  write: (line: string) => void;
}

/** Editors save a file in several steps. */
const DEBOUNCE_MS = 50;

/** Applies what is saved in the .env until it is closed. */
export function followEnvironment(options: FollowOptions, server: EnvironmentServer): { close(): void } {
  const { environment, folder, write } = options;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const apply = () =>
    void takeUp(options, server).catch((error) =>
      write(`The change of ${environment.file} could not be applied: ${errorMessage(error)}`),
    );
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(apply, DEBOUNCE_MS);
  };
  const onError = (error: unknown) =>
    write(`${environment.file} is not watched (${errorMessage(error)}); start again after a change of it.`);
  try {
    // The folder, because the file may not exist yet, and editors put a new one in its place.
    const watcher = watch(folder, (_, name) => (name === null || name === ".env") && soon());
    watcher.on("error", onError);
    return {
      close() {
        clearTimeout(timer);
        watcher.close();
      },
    };
  } catch (error) {
    onError(error);
    return { close() {} };
  }
}

async function takeUp(
  { environment, ids, isOwnVariable, write }: FollowOptions,
  { integrations, settings }: EnvironmentServer,
): Promise<void> {
  const changed = environment.refresh();
  if (changed.length === 0) return;
  const own = changed.filter(isOwnVariable);
  const others = changed.filter((name) => !own.includes(name));
  if (others.length > 0) write(`${environment.file} was saved: ${others.join(", ")} changed.`);
  if (own.length > 0) write(`${own.join(", ")} of ${environment.file} will count at the next start.`);
  for (const { id, setup } of integrations.list().filter((one) => ids.includes(one.id))) {
    // A secret that was generated for want of one is given up for the author's.
    const secret = setup?.webhook?.verifier?.secret;
    const isGiven = secret !== undefined && others.includes(secret) && environment.variables[secret];
    if (isGiven && settings.effective(id, { key: secret, default: null }).source === "stored")
      await settings.delete(id, secret);
    if (others.length > 0) settings.environmentChanged(id, others);
  }
}

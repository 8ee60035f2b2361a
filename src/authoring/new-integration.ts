// `heddle new`: writes a folder with a working integration, its tests, and the SDK for editors and tests.

import { mkdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { HeddleError } from "../errors.ts";
import { whyNoId } from "../integrations/discovery/discover.ts";
import { readTree } from "../runtime/assets.ts";
import { writeSdk } from "../runtime/sdk.ts";
import { nearest } from "../schema/nearest.ts";
import { linkSdk } from "./project-files.ts";
import { fillTemplate, PARTS, type Part } from "./template.ts";

export interface NewIntegration {
  /** The id, which is the folder's name as well. */
  name: string;
  /** Names of parts; parts that these need are added. */
  parts: readonly string[];
  /** The parent of the new folder. */
  dir: string;
}

/** An integration has at least one of these. */
const USEFUL: readonly Part[] = ["router", "dispatcher", "hooks", "listeners", "process", "tools", "skills"];
const WITH_SETTINGS: readonly Part[] = ["router", "dispatcher", "hooks", "listeners", "process", "tools"];

/**
 * Returns the folder and the written files, sorted. The folder appears whole or not at all. Throws a HeddleError
 * "config" for an invalid name, for invalid parts, and when the folder exists.
 */
export async function newIntegration({ name, parts, dir }: NewIntegration) {
  const reason = whyNoId(name);
  if (reason) throw refused(reason);
  const chosen = chooseParts(parts);
  const folder = resolve(dir, name);
  if (await stat(folder).catch(() => undefined)) {
    throw refused(`${folder} already exists: choose another name, or another place with --dir.`);
  }
  const files = fillTemplate(await readTree("template"), { id: name, parts: chosen });

  const unfinished = join(dirname(folder), `.${name}.${process.pid}`);
  try {
    for (const [path, text] of files) {
      await mkdir(dirname(join(unfinished, path)), { recursive: true });
      await writeFile(join(unfinished, path), text);
    }
    await writeSdk(join(unfinished, ".heddle"));
    await rename(unfinished, folder);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    throw error;
  }
  await linkSdk(folder);
  return { folder, parts: [...chosen], files: [...files.keys()].sort() };
}

function chooseParts(names: readonly string[]): Set<Part> {
  for (const name of names) {
    if (isPart(name)) continue;
    const meant = nearest(name, PARTS);
    const hint = meant === undefined ? "" : ` Did you mean ${meant}?`;
    throw refused(`A part must be one of ${PARTS.join(", ")}; got "${name}".${hint}`);
  }
  const chosen = new Set(names.filter(isPart));
  const needsOne = (of: readonly Part[]) => !of.some((part) => chosen.has(part));
  if (needsOne(USEFUL)) throw refused(`An integration needs at least one of ${USEFUL.join(", ")}.`);
  if (chosen.has("config") && needsOne(WITH_SETTINGS)) {
    throw refused(`The part config needs at least one of ${WITH_SETTINGS.join(", ")}, which have settings.`);
  }
  // The manifest says what these need: how webhooks are signed, which places are theirs, what a process may do.
  if (!needsOne(WITH_SETTINGS)) chosen.add("config").add("setup");
  return chosen;
}

const isPart = (name: string): name is Part => PARTS.some((part) => part === name);

const refused = (message: string): HeddleError => new HeddleError("config", message);

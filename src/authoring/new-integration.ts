// `heddle new`: writes a folder with a working integration, its tests, and the SDK to edit and test it with.

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
  /** The id, and so the folder's name. */
  name: string;
  /** Names of parts; what they need comes along. */
  parts: readonly string[];
  /** The folder's parent. */
  dir: string;
}

export const DEFAULT_PARTS: readonly Part[] = ["router", "dispatcher", "tools", "skills", "config", "setup"];

/** Without one of these a folder is no integration. */
const USEFUL: readonly Part[] = ["router", "dispatcher", "hooks", "process", "tools", "skills"];
const WITH_SETTINGS: readonly Part[] = ["router", "dispatcher", "hooks", "process", "tools"];

/**
 * Returns the folder and the files that were written, sorted. The folder appears whole or not at all. Throws a
 * HeddleError "config" that names what is wrong with the name or the parts, or when there is such a folder.
 */
export async function newIntegration({ name, parts, dir }: NewIntegration) {
  const reason = whyNoId(name);
  if (reason) throw refused(reason);
  const chosen = chooseParts(parts);
  const folder = resolve(dir, name);
  if (await stat(folder).catch(() => undefined)) {
    throw refused(`${folder} is there already: choose another name, or another place with --dir.`);
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
    throw refused(`There is no part "${name}".${hint} Known are ${PARTS.join(", ")}.`);
  }
  const chosen = new Set(names.filter(isPart));
  const needsOne = (of: readonly Part[]) => !of.some((part) => chosen.has(part));
  if (needsOne(USEFUL)) throw refused(`An integration needs at least one of ${USEFUL.join(", ")}.`);
  if (chosen.has("config") && needsOne(WITH_SETTINGS)) {
    throw refused(`"config" has nothing to set without one of ${WITH_SETTINGS.join(", ")}.`);
  }
  if (!needsOne(WITH_SETTINGS)) chosen.add("config");
  return chosen;
}

const isPart = (name: string): name is Part => PARTS.some((part) => part === name);

const refused = (message: string): HeddleError => new HeddleError("config", message);

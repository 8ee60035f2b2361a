// Which files of a folder are skills, carapaces and templates, and what their ids are.

import type { Dirent } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";

/** A file of content: where it is and what it is called. */
export interface ContentFile {
  /** Relative to the folder. */
  path: string;
  /** Without the prefix of an integration: "x", "carapaces/c/x". */
  id: string;
}

export interface ContentFiles {
  skills: ContentFile[];
  carapaces: ContentFile[];
  templates: ContentFile[];
}

export const NO_CONTENT: ContentFiles = { skills: [], carapaces: [], templates: [] };

/**
 * skills/*.md, carapaces/*.yaml, carapaces/*\/carapace.yaml, carapaces/*\/skills/*.md, and templates in the folder
 * named by `templates`; with `bots`, bots/*\/skills/*.md as well. What begins with "_" or "." is none.
 */
export async function listContent(
  folder: string,
  { templates, bots = false }: { templates: "templates" | "prompts"; bots?: boolean },
): Promise<ContentFiles> {
  const [own, carapaces, prompts, ofBots] = await Promise.all([
    markdown(folder, "skills", ""),
    listCarapaces(folder),
    markdown(folder, templates, ""),
    bots ? skillsBelow(folder, "bots") : [],
  ]);
  const skills = [...own, ...carapaces.skills, ...ofBots];
  return { skills, carapaces: carapaces.files, templates: prompts };
}

async function listCarapaces(folder: string) {
  const entries = (await list(join(folder, "carapaces"))) ?? [];
  const files: ContentFile[] = [];
  for (const entry of entries) {
    const path = `carapaces/${entry.name}`;
    if (YAML.test(entry.name)) files.push({ path, id: entry.name.replace(YAML, "") });
    else {
      const inside = (await list(join(folder, path))) ?? [];
      const file = inside.find(({ name }) => YAML.test(name) && name.replace(YAML, "") === "carapace");
      if (file) files.push({ path: `${path}/${file.name}`, id: entry.name });
    }
  }
  return { files, skills: entries.length > 0 ? await skillsBelow(folder, "carapaces") : [] };
}

const YAML = /\.ya?ml$/;

/** <kind>/<name>/skills/*.md */
async function skillsBelow(folder: string, kind: "carapaces" | "bots"): Promise<ContentFile[]> {
  const entries = ((await list(join(folder, kind))) ?? []).filter(({ name }) => !YAML.test(name));
  const found = await Promise.all(
    entries.map(({ name }) => markdown(folder, `${kind}/${name}/skills`, `${kind}/${name}/`)),
  );
  return found.flat();
}

async function markdown(folder: string, below: string, prefix: string): Promise<ContentFile[]> {
  return ((await list(join(folder, below))) ?? [])
    .filter(({ name }) => name.endsWith(".md"))
    .map(({ name }) => ({ path: `${below}/${name}`, id: prefix + name.replace(/\.md$/, "") }));
}

/** Undefined when there is no such directory, or none that may be read. */
async function list(folder: string): Promise<Dirent[] | undefined> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => undefined);
  return entries?.filter(({ name }) => !/^[_.]/.test(name)).sort((a, b) => (a.name < b.name ? -1 : 1));
}

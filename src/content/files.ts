// Finds the skills, carapaces, templates and bots of a folder; their ids come from their paths.

import type { Dirent } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { errorMessage } from "../errors.ts";
import { isAbsent } from "../runtime/absent.ts";
import type { TextProblem } from "./yaml-text.ts";

/** The location and id of a file of content. */
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
  /** Always empty for an integration. */
  bots: ContentFile[];
  /** Folders that could not be read. */
  problems: ContentProblem[];
}

export interface ContentProblem extends TextProblem {
  /** Absolute. */
  file: string;
}

export const NO_CONTENT: ContentFiles = { skills: [], carapaces: [], templates: [], bots: [], problems: [] };

/**
 * Lists skills/*.md and skills/*\/SKILL.md, carapaces/*.yaml, carapaces/*\/carapace.yaml, carapaces/*\/skills/*.md, and the templates in the
 * folder that `templates` names; with `bots`, also bots/*.yaml and bots/*\/skills/*.md. Names that begin with "_" or
 * "." are skipped.
 */
export async function listContent(
  folder: string,
  { templates, bots = false }: { templates: "templates" | "prompts"; bots?: boolean },
): Promise<ContentFiles> {
  const problems: ContentProblem[] = [];
  const list = lister(folder, problems);
  const [own, carapaces, prompts, botSkills, botFiles] = await Promise.all([
    listSkills(list, "skills", ""),
    listCarapaces(list),
    markdown(list, templates, ""),
    bots ? skillsBelow(list, "bots") : [],
    bots ? yamlFiles(list, "bots") : [],
  ]);
  return {
    skills: [...own, ...carapaces.skills, ...botSkills],
    carapaces: carapaces.files,
    templates: prompts,
    bots: botFiles,
    problems,
  };
}

/** Lists a directory inside the folder, sorted by name; the list is empty if the directory does not exist. */
type List = (below: string) => Promise<Dirent[]>;

const lister =
  (folder: string, problems: ContentProblem[]): List =>
  async (below) => {
    const path = join(folder, below);
    try {
      const entries = await readdir(path, { withFileTypes: true });
      return entries.filter(({ name }) => !/^[_.]/.test(name)).sort((a, b) => (a.name < b.name ? -1 : 1));
    } catch (error) {
      // A file in place of the directory is ignored like any other file.
      if (!isAbsent(error))
        problems.push({ file: path, reason: `The folder cannot be read: ${errorMessage(error)}` });
      return [];
    }
  };

async function listCarapaces(list: List) {
  const entries = await list("carapaces");
  const files: ContentFile[] = [];
  for (const entry of entries) {
    const path = `carapaces/${entry.name}`;
    if (YAML.test(entry.name)) files.push({ path, id: entry.name.replace(YAML, "") });
    else {
      const inside = await list(path);
      const file = inside.find(({ name }) => YAML.test(name) && name.replace(YAML, "") === "carapace");
      if (file) files.push({ path: `${path}/${file.name}`, id: entry.name });
    }
  }
  return { files, skills: entries.length > 0 ? await skillsBelow(list, "carapaces") : [] };
}

const YAML = /\.ya?ml$/;

/** <kind>/*.yaml */
async function yamlFiles(list: List, kind: "bots"): Promise<ContentFile[]> {
  return (await list(kind))
    .filter(({ name }) => YAML.test(name))
    .map(({ name }) => ({ path: `${kind}/${name}`, id: name.replace(YAML, "") }));
}

/** <kind>/<name>/skills/*.md */
async function skillsBelow(list: List, kind: "carapaces" | "bots"): Promise<ContentFile[]> {
  const entries = (await list(kind)).filter(({ name }) => !YAML.test(name));
  const found = await Promise.all(
    entries.map(({ name }) => listSkills(list, `${kind}/${name}/skills`, `${kind}/${name}/`)),
  );
  return found.flat();
}

async function markdown(list: List, below: string, prefix: string): Promise<ContentFile[]> {
  return markdownIn(await list(below), below, prefix);
}

const markdownIn = (entries: Dirent[], below: string, prefix: string): ContentFile[] =>
  entries
    .filter(({ name }) => name.endsWith(".md"))
    .map(({ name }) => ({ path: `${below}/${name}`, id: prefix + name.replace(/\.md$/, "") }));

/**
 * <below>/*.md, and folders in the form of agentskills.io: <below>/<name>/SKILL.md is the skill <name>, and each
 * <below>/<name>/references/*.md the skill <name>/references/<stem>. Their scripts are left alone.
 */
async function listSkills(list: List, below: string, prefix: string): Promise<ContentFile[]> {
  const entries = await list(below);
  const folders = entries.filter((entry) => !entry.name.endsWith(".md") && !entry.isFile());
  const inFolders = await Promise.all(
    folders.map(async ({ name }) => {
      const path = `${below}/${name}`;
      const isSkill = (await list(path)).some((entry) => entry.name === SKILL_FILE);
      if (!isSkill) return [];
      const references = await markdown(list, `${path}/references`, `${prefix}${name}/references/`);
      return [{ path: `${path}/${SKILL_FILE}`, id: prefix + name }, ...references];
    }),
  );
  return [...markdownIn(entries, below, prefix), ...inFolders.flat()];
}

const SKILL_FILE = "SKILL.md";

// Builds skills, carapaces and templates from file contents.

import { type Carapace, readCarapace } from "../../src/content/carapaces/carapace.ts";
import type { ContentAbout, Origin } from "../../src/content/owned-registry.ts";
import { readSkill, type Skill } from "../../src/content/skills/skill.ts";
import { readTemplate, type Template } from "../../src/content/templates/template.ts";

const HOME: Origin = { kind: "home" };

/** The origin is an integration if the id says so. */
function about(id: string): ContentAbout {
  const [, integration] = /^integrations\/([^/]+)\//.exec(id) ?? [];
  const origin: Origin = integration === undefined ? HOME : { kind: "integration", id: integration };
  return { id, name: id, origin, file: `/files/${id}`, path: `kinds/${id}` };
}

type Read<Item> = { ok: true; item: Item } | { ok: false; problem: { reason: string; line?: number } };

function itemOf<Item>(read: Read<Item>): Item {
  if (read.ok) return read.item;
  throw new Error(`${read.problem.line}: ${read.problem.reason}`);
}

export const skill = (id: string, text = `Text of ${id}.`): Skill => itemOf(readSkill(text, about(id)));
export const carapace = (id: string, yaml = "{}"): Carapace => itemOf(readCarapace(yaml, about(id)));
export const template = (id: string, text = `Text of ${id}.`): Template =>
  itemOf(readTemplate(text, about(id)));

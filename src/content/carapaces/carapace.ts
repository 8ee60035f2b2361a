import { Type as t } from "@sinclair/typebox";
import { compileOwnSchema } from "../../schema/json-schema.ts";
import type { ContentAbout } from "../owned-registry.ts";
import { SkillEntry } from "../skills/skill.ts";
import { Tags, tagList } from "../tags.ts";
import { readYaml, type TextProblem } from "../yaml-text.ts";

const ids = (description: string) =>
  t.Optional(t.Array(t.String({ minLength: 1, maxLength: 200 }), { description }));

const CarapaceId = t.String({
  pattern: "^[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*$",
  maxLength: 200,
});

const Delegate = t.Object(
  {
    id: t.String({ minLength: 1 }),
    type: t.Optional(t.Union([t.Literal("carapace"), t.Literal("bot")])),
    description: t.Optional(t.String()),
    model_tier: t.Optional(t.String()),
  },
  { additionalProperties: false },
);

/** The fields of a file. */
const CarapaceFile = t.Object(
  {
    id: t.Optional(CarapaceId),
    name: t.Optional(t.String({ minLength: 1, maxLength: 200 })),
    description: t.Optional(t.String({ maxLength: 2000 })),
    skills: t.Optional(t.Array(SkillEntry)),
    local_tools: ids("Names of tools; * stands for any text"),
    mcp_tools: ids("MCP servers, or tools of them as <server>/<tool>; * stands for any text"),
    pinned_tools: ids("Names of tools that are offered whatever the message is about"),
    system_prompt_fragment: t.Optional(t.String({ maxLength: 100_000 })),
    includes: ids("Ids of carapaces that come before this one"),
    delegates: t.Optional(t.Array(Delegate)),
    tags: Tags,
    requires: t.Optional(
      t.Object({ tools: ids("Tools it cannot do its work without") }, { additionalProperties: false }),
    ),
  },
  { additionalProperties: false },
);

/** A capability bundle: tools, skills and prompt text that a bot or a channel gets together. */
export interface Carapace extends ContentAbout {
  description: string;
  skills: SkillEntry[];
  local_tools: string[];
  mcp_tools: string[];
  pinned_tools: string[];
  system_prompt_fragment: string;
  includes: string[];
  delegates: (typeof Delegate.static)[];
  tags: string[];
  requires: { tools: string[] };
}

const validate = compileOwnSchema(CarapaceFile);

/** Reads the text of a YAML file. */
export function readCarapace(
  text: string,
  about: ContentAbout,
): { ok: true; item: Carapace } | { ok: false; problem: TextProblem } {
  const yaml = readYaml(text);
  if (!yaml.ok) return yaml;
  const [first] = validate(yaml.value).sort((a, b) => depth(b.field) - depth(a.field));
  if (first) {
    const reason = `${first.field || "The file"} ${first.message}`;
    return { ok: false, problem: { reason, line: yaml.lineOf(first.field) } };
  }
  const file = yaml.value as typeof CarapaceFile.static;
  const item: Carapace = {
    ...about,
    id: file.id ?? about.id,
    name: file.name ?? about.name,
    description: file.description ?? "",
    skills: file.skills ?? [],
    local_tools: file.local_tools ?? [],
    mcp_tools: file.mcp_tools ?? [],
    pinned_tools: file.pinned_tools ?? [],
    system_prompt_fragment: file.system_prompt_fragment?.trim() ?? "",
    includes: file.includes ?? [],
    delegates: file.delegates ?? [],
    tags: tagList(file.tags),
    requires: { tools: file.requires?.tools ?? [] },
  };
  return { ok: true, item };
}

/** Of the errors about a union ("an id or an object"), the innermost is the most specific. */
const depth = (field: string) => (field === "" ? 0 : field.split(".").length);

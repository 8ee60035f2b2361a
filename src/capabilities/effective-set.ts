// Determines what a run gets in addition to its bot's own prompt: the tools, skills and prompt texts of its bot, its
// channel, the integrations activated there, and its message. No I/O: everything is in memory.

import type { Carapace } from "../content/carapaces/carapace.ts";
import type { Carapaces } from "../content/carapaces/carapaces.ts";
import {
  type CarapaceProblem,
  type CarapaceReference,
  MAX_DEPTH,
  resolveCarapaces,
} from "../content/carapaces/resolve.ts";
import { findFor, type Origin } from "../content/owned-registry.ts";
import type { Skill, SkillEntry } from "../content/skills/skill.ts";
import type { Skills } from "../content/skills/skills.ts";
import type { Templates } from "../content/templates/templates.ts";
import { type ActivationOf, activatedCarapaces } from "./activated.ts";
import { findMentioned, type Mentions, mentionsIn } from "./mentions.ts";
import { ofServers } from "./tool-patterns.ts";

/** What is known about a turn when its context is built. */
export interface CapabilityInput {
  bot: {
    tools: readonly string[];
    skills: readonly SkillEntry[];
    carapaces: readonly string[];
    delegate_bots?: readonly string[];
  };
  channel: {
    skills: readonly SkillEntry[];
    carapaces: readonly string[];
    carapaces_disabled: readonly string[];
    tools_disabled: readonly string[];
    template_id: string | null;
    /** Whether bots may use the server's files in this channel. */
    workspace: boolean;
    /** Ids of the integrations activated in the channel. */
    activations: readonly string[];
  };
  /**
   * From the message's `execution_config`; `text` is set if a person wrote it, because only then does what it mentions
   * count.
   */
  message: { skills: readonly string[]; tools: readonly string[]; text: string };
}

/** A channel that adds nothing and disables nothing. */
export const PLAIN_CHANNEL: CapabilityInput["channel"] = {
  skills: [],
  carapaces: [],
  carapaces_disabled: [],
  tools_disabled: [],
  template_id: null,
  workspace: true,
  activations: [],
};

/** A message that asks for nothing besides what its bot has. */
export const PLAIN_MESSAGE: CapabilityInput["message"] = { skills: [], tools: [], text: "" };

export interface Capabilities {
  /** Ids of carapaces, in order. */
  carapaces: string[];
  tools: ToolNames;
  /** Prompt texts of carapaces, in order. */
  fragments: { id: string; text: string }[];
  template: { id: string; name: string; text: string } | null;
  /** Pinned skills, included in full. */
  skills: Skill[];
  /** Skills that the message asks for, included in full; none of them is in `skills`. */
  askedSkills: Skill[];
  /** Skills that are only listed, to be read with get_skill; none of them is in `skills`. */
  onDemand: Skill[];
  /** Those of `onDemand` whose passages are included if they fit the message; none of them is in `askedSkills`. */
  rag: RagSkill[];
  /** Ids of the bots to which it may delegate; `*` stands for all. Not all of them need to exist. */
  delegates: string[];
  /** Messages about requested items that do not exist. */
  warnings: string[];
}

export interface RagSkill extends Skill {
  /** The cosine similarity that a passage must have to the message. Default: what the embedding model counts as related. */
  similarityThreshold?: number | undefined;
}

/** In `own` and `disabled`, `*` matches any text. */
export interface ToolNames {
  /** The tools of the bot and its carapaces. */
  own: string[];
  /** Disabled by the channel: never offered, wherever they come from. */
  disabled: string[];
  message: string[];
  /** Those of `own` that the model is always shown. */
  pinned?: string[];
}

export interface CapabilitySources {
  skills: Skills;
  carapaces: Carapaces;
  templates: Templates;
  activationOf: ActivationOf;
}

export type CapabilitiesOf = (input: CapabilityInput) => Capabilities;

export function createCapabilities(sources: CapabilitySources): CapabilitiesOf {
  return (input) => {
    const { channel, message } = input;
    const { carapaces, problems } = carapacesOf(sources, input);
    const warnings = [...problems];
    const mentions = mentionsIn(message.text);
    const template = templateOf(sources.templates, channel.template_id, warnings);
    return {
      carapaces: carapaces.map(({ id }) => id),
      tools: {
        ...ownTools(input, carapaces),
        message: unique([...message.tools, ...mentions.tool]),
      },
      fragments: carapaces
        .map(({ id, system_prompt_fragment: text }) => ({ id, text }))
        .filter(({ text }) => text !== ""),
      template,
      delegates: delegatesOf(input, carapaces, mentions),
      ...skillsOf(sources.skills, { ...input, mentions }, carapaces, warnings),
      warnings: unique(warnings),
    };
  };
}

/** A person who names a bot lets this one run delegate to it. */
function delegatesOf({ bot }: CapabilityInput, carapaces: Carapace[], mentions: Mentions): string[] {
  const ofCarapaces = carapaces.flatMap(({ delegates }) =>
    delegates.filter(({ type }) => type === "bot").map(({ id }) => id),
  );
  return unique([...(bot.delegate_bots ?? []), ...ofCarapaces, ...mentions.bot]);
}

export interface ToolInput {
  bot: Pick<CapabilityInput["bot"], "tools">;
  channel: Pick<CapabilityInput["channel"], "tools_disabled" | "workspace">;
}

/** Returns the tools of the bot and its carapaces, and those that the channel disables regardless of their source. */
export function ownTools(
  { bot, channel }: ToolInput,
  carapaces: Carapace[],
): Pick<ToolNames, "own" | "disabled" | "pinned"> {
  return {
    pinned: unique(carapaces.flatMap(({ pinned_tools }) => pinned_tools)),
    own: unique([...bot.tools, ...carapaces.flatMap(toolsOf)]),
    disabled: [...channel.tools_disabled, ...(channel.workspace ? [] : WORKSPACE_TOOLS)],
  };
}

/** The core tools that read and write files of the workspace. */
const WORKSPACE_TOOLS = ["workspace_*", "send_file"];

export interface CarapaceInput {
  bot: Pick<CapabilityInput["bot"], "carapaces">;
  channel: Pick<CapabilityInput["channel"], "carapaces" | "carapaces_disabled" | "activations">;
}

/** Returns the carapaces a bot has in a channel, without duplicates, and the problems found. */
export function carapacesOf(
  { carapaces, activationOf }: Pick<CapabilitySources, "carapaces" | "activationOf">,
  { bot, channel }: CarapaceInput,
): { carapaces: Carapace[]; problems: string[] } {
  const activated = activatedCarapaces(channel.activations, activationOf);
  const wanted: CarapaceReference[] = [
    ...[...bot.carapaces, ...channel.carapaces].map((id) => ({ id, origin: HOME_ORIGIN })),
    ...activated.references,
  ];
  const find = ({ id, origin }: CarapaceReference) => findFor(carapaces, id, origin);
  const resolved = resolveCarapaces(wanted, find, new Set(channel.carapaces_disabled));
  const problems = [
    ...activated.missing.map(
      (id) => `The integration "${id}" is activated in this channel, but not running.`,
    ),
    ...resolved.problems.map(describeProblem),
  ];
  return { carapaces: resolved.carapaces, problems };
}

function describeProblem({ kind, id, by }: CarapaceProblem): string {
  const where = by === null ? "" : `, which the carapace "${by}" includes`;
  return kind === "unknown"
    ? `There is no carapace "${id}"${where}.`
    : `The carapace "${id}"${where} is nested more than ${MAX_DEPTH} includes deep and is left out.`;
}

/** The origin of ids named by a bot, a channel or a message, which are always complete. */
const HOME_ORIGIN: Origin = { kind: "home" };

export const toolsOf = ({ local_tools, mcp_tools, pinned_tools }: Carapace): string[] =>
  unique([...local_tools, ...mcp_tools.map(ofServers), ...pinned_tools]);

function templateOf(templates: Templates, id: string | null, warnings: string[]): Capabilities["template"] {
  if (id === null) return null;
  const template = templates.get(id);
  if (!template) warnings.push(`There is no template "${id}".`);
  return template ? { id, name: template.name, text: template.text } : null;
}

function skillsOf(
  registry: Skills,
  { bot, channel, message, mentions }: CapabilityInput & { mentions: Mentions },
  carapaces: Carapace[],
  warnings: string[],
): Pick<Capabilities, "skills" | "askedSkills" | "onDemand" | "rag"> {
  const asked = new Map<string, Skill>();
  const pinned = new Map<string, Skill>();
  const listed = new Map<string, Skill>();
  const rag = new Map<string, RagSkill>();
  const add = (to: Map<string, Skill>, name: string, skill: Skill | undefined) => {
    if (skill) to.set(skill.id, skill);
    else warnings.push(`There is no skill "${name}".`);
  };
  for (const id of message.skills) add(asked, id, registry.get(id));
  for (const name of mentions.skill) add(asked, name, findMentioned(registry, name));
  const assigned = [
    ...[...bot.skills, ...channel.skills].map((entry) => ({ entry, origin: HOME_ORIGIN })),
    ...carapaces.flatMap(({ skills, origin }) => skills.map((entry) => ({ entry, origin }))),
  ];
  for (const { entry, origin } of assigned) {
    const {
      id,
      mode = "on_demand",
      similarity_threshold: similarityThreshold,
    } = typeof entry === "string" ? { id: entry } : entry;
    const skill = findFor(registry, id, origin);
    add(mode === "pinned" ? pinned : listed, id, skill);
    if (!skill) continue;
    if (mode === "rag") rag.set(skill.id, { ...skill, similarityThreshold });
    for (const reference of referencesOf(registry, skill)) {
      listed.set(reference.id, reference);
      if (mode === "rag") rag.set(reference.id, { ...reference, similarityThreshold });
    }
  }
  return {
    skills: [...pinned.values()],
    askedSkills: [...asked.values()].filter(({ id }) => !pinned.has(id)),
    // Those that this message asks for stay listed, so that the list is the same in every run.
    onDemand: [...listed.values()].filter(({ id }) => !pinned.has(id)),
    rag: [...rag.values()].filter(({ id }) => !pinned.has(id) && !asked.has(id)),
  };
}

/** The texts in the folder "references" of a skill, which come with it. */
const referencesOf = (registry: Skills, { id }: Skill): Skill[] =>
  registry.list().filter((other) => other.id.startsWith(`${id}/references/`));

const unique = <Value>(values: Value[]): Value[] => [...new Set(values)];

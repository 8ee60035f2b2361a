// What a run has besides its bot's own prompt: the tools, skills and prompt texts that its bot, its channel, the
// integrations that are activated there and its message bring along. No I/O: all of it is in memory.

import type { Carapace } from "../content/carapaces/carapace.ts";
import type { Carapaces } from "../content/carapaces/carapaces.ts";
import {
  type CarapaceProblem,
  type CarapaceReference,
  MAX_DEPTH,
  resolveCarapaces,
} from "../content/carapaces/resolve.ts";
import { findFor, type Origin } from "../content/owned-registry.ts";
import { findMentioned, mentionedSkills } from "../content/skills/mentions.ts";
import type { Skill, SkillEntry } from "../content/skills/skill.ts";
import type { Skills } from "../content/skills/skills.ts";
import type { Templates } from "../content/templates/templates.ts";
import { type ActivationOf, activatedCarapaces } from "./activated.ts";

/** What is known of a turn when its context is put together. */
export interface CapabilityInput {
  bot: { tools: readonly string[]; skills: readonly SkillEntry[]; carapaces: readonly string[] };
  channel: {
    skills: readonly SkillEntry[];
    carapaces: readonly string[];
    carapaces_disabled: readonly string[];
    tools_disabled: readonly string[];
    template_id: string | null;
    /** Whether bots may work on the server's files here. */
    workspace: boolean;
    /** Ids of the integrations that are activated in it. */
    activations: readonly string[];
  };
  /** `execution_config` of the message, and its text when a person wrote it: skills that it mentions count. */
  message: { skills: readonly string[]; tools: readonly string[]; text: string };
}

export interface Capabilities {
  /** Ids, in order. */
  carapaces: string[];
  tools: ToolNames;
  /** Of carapaces, in order. */
  fragments: { id: string; text: string }[];
  template: { id: string; name: string; text: string } | null;
  /** Given whole: first what the message asks for, then what is pinned. */
  skills: Skill[];
  /** Listed, and read with get_skill; none of `skills`. */
  onDemand: Skill[];
  /** In words: what was asked for and is not there. */
  warnings: string[];
}

/** `*` stands for any text in `own` and `disabled`. */
export interface ToolNames {
  /** Of the bot and its carapaces. */
  own: string[];
  /** By the channel: not offered, whoever names them. */
  disabled: string[];
  message: string[];
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
    const template = templateOf(sources.templates, channel.template_id, warnings);
    return {
      carapaces: carapaces.map(({ id }) => id),
      tools: { ...ownTools(input, carapaces), message: [...message.tools] },
      fragments: carapaces
        .map(({ id, system_prompt_fragment: text }) => ({ id, text }))
        .filter(({ text }) => text !== ""),
      template,
      ...skillsOf(sources.skills, input, carapaces, warnings),
      warnings: unique(warnings),
    };
  };
}

export interface ToolInput {
  bot: Pick<CapabilityInput["bot"], "tools">;
  channel: Pick<CapabilityInput["channel"], "tools_disabled" | "workspace">;
}

/** The tools of the bot and its carapaces, and those that the channel takes away, from whomever they are. */
export function ownTools(
  { bot, channel }: ToolInput,
  carapaces: Carapace[],
): Pick<ToolNames, "own" | "disabled"> {
  return {
    own: unique([...bot.tools, ...carapaces.flatMap(toolsOf)]),
    disabled: [...channel.tools_disabled, ...(channel.workspace ? [] : [WORKSPACE_TOOLS])],
  };
}

/** The core tools that read and write files of the workspace. */
const WORKSPACE_TOOLS = "workspace_*";

export interface CarapaceInput {
  bot: Pick<CapabilityInput["bot"], "carapaces">;
  channel: Pick<CapabilityInput["channel"], "carapaces" | "carapaces_disabled" | "activations">;
}

/** Those that a bot has in a channel, each once, and what is wrong with them. */
export function carapacesOf(
  { carapaces, activationOf }: Pick<CapabilitySources, "carapaces" | "activationOf">,
  { bot, channel }: CarapaceInput,
): { carapaces: Carapace[]; problems: string[] } {
  const activated = activatedCarapaces(channel.activations, activationOf);
  const wanted: CarapaceReference[] = [
    ...[...bot.carapaces, ...channel.carapaces].map((id) => ({ id, origin: NOBODY })),
    ...activated.references,
  ];
  const find = ({ id, origin }: CarapaceReference) => findFor(carapaces, id, origin);
  const resolved = resolveCarapaces(wanted, find, new Set(channel.carapaces_disabled));
  const problems = [
    ...activated.missing.map(
      (id) => `The integration "${id}" is activated in this channel, but not running.`,
    ),
    ...resolved.problems.map(inWords),
  ];
  return { carapaces: resolved.carapaces, problems };
}

function inWords({ kind, id, by }: CarapaceProblem): string {
  const where = by === null ? "" : `, which the carapace "${by}" includes`;
  return kind === "unknown"
    ? `There is no carapace "${id}"${where}.`
    : `The carapace "${id}"${where}, lies more than ${MAX_DEPTH} includes deep and is left out.`;
}

/** An id that a bot, a channel or a message names is always a whole one. */
const NOBODY: Origin = { kind: "home" };

export const toolsOf = ({ local_tools, mcp_tools, pinned_tools }: Carapace): string[] =>
  unique([...local_tools, ...mcp_tools, ...pinned_tools]);

function templateOf(templates: Templates, id: string | null, warnings: string[]): Capabilities["template"] {
  if (id === null) return null;
  const template = templates.get(id);
  if (!template) warnings.push(`There is no template "${id}".`);
  return template ? { id, name: template.name, text: template.text } : null;
}

function skillsOf(
  registry: Skills,
  { bot, channel, message }: CapabilityInput,
  carapaces: Carapace[],
  warnings: string[],
): Pick<Capabilities, "skills" | "onDemand"> {
  const whole = new Map<string, Skill>();
  const listed = new Map<string, Skill>();
  const add = (to: Map<string, Skill>, name: string, skill: Skill | undefined) => {
    if (skill) to.set(skill.id, skill);
    else warnings.push(`There is no skill "${name}".`);
  };
  for (const id of message.skills) add(whole, id, registry.get(id));
  for (const name of mentionedSkills(message.text)) add(whole, name, findMentioned(registry, name));
  const assigned = [
    ...[...bot.skills, ...channel.skills].map((entry) => ({ entry, origin: NOBODY })),
    ...carapaces.flatMap(({ skills, origin }) => skills.map((entry) => ({ entry, origin }))),
  ];
  for (const { entry, origin } of assigned) {
    const { id, mode = "on_demand" } = typeof entry === "string" ? { id: entry } : entry;
    add(mode === "pinned" ? whole : listed, id, findFor(registry, id, origin));
  }
  return {
    skills: [...whole.values()],
    onDemand: [...listed.values()].filter(({ id }) => !whole.has(id)),
  };
}

const unique = <Value>(values: Value[]): Value[] => [...new Set(values)];

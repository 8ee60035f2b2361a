// dev.script.yaml: what the scripted model of `heddle dev` says.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Type as t } from "@sinclair/typebox";
import { readYaml } from "../../content/yaml-text.ts";
import { compileOwnSchema } from "../../schema/json-schema.ts";

const Entry = t.Object(
  {
    prompt: t.Optional(t.String({ description: "A regular expression for the bot's system prompt" })),
    match: t.Optional(
      t.String({ description: "A regular expression for the last message; without it any message matches" }),
    ),
    after: t.Optional(
      t.String({ description: "Name of a tool: matches its result, and no message of a user", minLength: 1 }),
    ),
    reply: t.Optional(t.String({ description: "The answer; $1 is the text of the first group" })),
    tool: t.Optional(t.String({ description: "Calls this tool instead", minLength: 1 })),
    arguments: t.Optional(t.Record(t.String(), t.Unknown())),
  },
  { additionalProperties: false },
);

/** The first entry that matches is used. */
export type Script = (typeof Entry.static)[];

export type ReadScript =
  | { ok: true; script: Script; file: string | undefined }
  /** `problem` names the file and the line. */
  | { ok: false; problem: string };

const NAMES = ["dev.script.yaml", "dev.script.yml", "dev.script.json"];
const validate = compileOwnSchema(t.Array(Entry));

/** Reads the script from the first folder that has one. It is empty when none has. */
export async function readScript(folders: readonly string[], names = NAMES): Promise<ReadScript> {
  for (const file of folders.flatMap((folder) => names.map((name) => join(folder, name)))) {
    const text = await readFile(file, "utf8").catch(() => undefined);
    if (text === undefined) continue;
    const read = parseScript(text);
    if (read.ok) return { ...read, file };
    const line = read.line === undefined ? "" : `:${read.line}`;
    return { ok: false, problem: `${file}${line}: ${read.reason}` };
  }
  return { ok: true, script: [], file: undefined };
}

function parseScript(
  text: string,
): { ok: true; script: Script } | { ok: false; reason: string; line?: number | undefined } {
  const yaml = readYaml(text);
  if (!yaml.ok) return { ok: false, ...yaml.problem };
  const script = (yaml.value ?? []) as Script;
  const [first] = validate(script);
  if (first)
    return { ok: false, reason: `${first.field} ${first.message}`.trim(), line: yaml.lineOf(first.field) };
  for (const [index, entry] of script.entries()) {
    const reason = whyNoEntry(entry);
    if (reason) return { ok: false, reason, line: yaml.lineOf(String(index)) };
  }
  return { ok: true, script };
}

function whyNoEntry({ prompt, match, reply, tool }: Script[number]): string | undefined {
  if ((reply === undefined) === (tool === undefined)) return "An entry must have either a reply or a tool";
  try {
    new RegExp(prompt ?? "", "isu");
    new RegExp(match ?? "", "isu");
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** The last message: a user's, or the result of a tool. */
export interface LastMessage {
  text: string;
  tool: string | undefined;
}

export type Said = { reply: string } | { tool: string; arguments: Record<string, unknown> };

/** Undefined when no entry matches. */
export function sayFrom(script: Script, { text, tool }: LastMessage, prompt = ""): Said | undefined {
  for (const entry of script) {
    if (entry.after !== tool) continue;
    if (entry.prompt !== undefined && !new RegExp(entry.prompt, "isu").test(prompt)) continue;
    const match = new RegExp(entry.match ?? "", "isu").exec(text);
    if (!match) continue;
    if (entry.tool === undefined) return { reply: fill(entry.reply ?? "", match) };
    return { tool: entry.tool, arguments: fillAll(entry.arguments ?? {}, match) };
  }
}

const fill = (text: string, match: RegExpExecArray): string =>
  text.replace(/\$([0-9])/g, (_, group) => match[Number(group)] ?? "");

function fillAll(values: Record<string, unknown>, match: RegExpExecArray): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => [
      key,
      typeof value === "string" ? fill(value, match) : value,
    ]),
  );
}

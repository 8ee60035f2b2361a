import { Type as t } from "@sinclair/typebox";
import { compileOwnSchema } from "../../schema/json-schema.ts";
import type { ContentAbout } from "../owned-registry.ts";
import { readYaml, type TextProblem } from "../yaml-text.ts";
import { BotFields, BotId, type NewBot } from "./bots.ts";

/** A bot as its file describes it. */
export interface BotFile extends Pick<ContentAbout, "id" | "origin" | "file" | "path"> {
  bot: NewBot;
}

const validate = compileOwnSchema(
  t.Object({ id: t.Optional(BotId), ...BotFields.properties }, { additionalProperties: false }),
);
const validateId = compileOwnSchema(BotId);

/** Reads the text of a YAML file. */
export function readBot(
  text: string,
  about: ContentAbout,
): { ok: true; item: BotFile } | { ok: false; problem: TextProblem } {
  const yaml = readYaml(text);
  if (!yaml.ok) return yaml;
  const [first] = validate(yaml.value);
  if (first) {
    const reason = `${first.field || "The file"} ${first.message}`;
    return { ok: false, problem: { reason, line: yaml.lineOf(first.field) } };
  }
  const bot = { id: about.id, ...(yaml.value as Omit<NewBot, "id"> & { id?: string }) };
  const [invalid] = validateId(bot.id);
  const { origin, file, path } = about;
  if (!invalid) return { ok: true, item: { id: bot.id, origin, file, path, bot } };
  const reason = `The id of a bot, which is its file's name unless the file has an id, ${invalid.message}`;
  return { ok: false, problem: { reason } };
}

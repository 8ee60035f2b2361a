// Logs the names in files to which nothing belongs: once the integrations have loaded, and whenever something changes.

import { readFile } from "node:fs/promises";
import type { BotFile } from "../content/bots/bot-file.ts";
import type { Bot, Bots } from "../content/bots/bots.ts";
import type { Carapaces } from "../content/carapaces/carapaces.ts";
import { readYaml } from "../content/yaml-text.ts";
import type { Logger } from "../log.ts";
import { createFileNames, type FileNamesOptions, type MissingInFile } from "./file-names.ts";

export interface FileWarningsOptions extends FileNamesOptions {
  carapaces: Carapaces;
  botFiles: () => readonly BotFile[];
  bots: Pick<Bots, "list">;
  log: Logger;
}

/** Returns the check; a warning is logged when a check finds it and the one before did not. */
export function createFileWarnings(options: FileWarningsOptions): () => Promise<void> {
  const { carapaces, botFiles, bots, log } = options;
  const names = createFileNames(options);
  let logged = new Set<string>();

  /** A bot is read from its file once, so the file counts as long as the bot still names the same. */
  function inBotFiles(now: readonly Bot[], known: ReadonlySet<string>): (MissingInFile & { file: string })[] {
    return botFiles().flatMap((item) => {
      const bot = now.find(({ id }) => id === item.id);
      if (!bot) return [];
      const stillNamed = names.ofBot({ origin: { kind: "home" }, bot }, known).map(({ warning }) => warning);
      return names
        .ofBot(item, known)
        .filter(({ warning }) => stillNamed.includes(warning))
        .map((missing) => ({ ...missing, file: item.file }));
    });
  }

  return async () => {
    const now = await bots.list();
    const known = new Set(now.map(({ id }) => id));
    const inCarapaces = carapaces
      .list()
      .flatMap((item) => names.ofCarapace(item, known).map((missing) => ({ ...missing, file: item.file })));
    const found = [...inCarapaces, ...inBotFiles(now, known)];
    const before = logged;
    logged = new Set(found.map(keyOf));
    for (const missing of found.filter((one) => !before.has(keyOf(one)))) {
      const line = await lineOf(missing);
      const place = line === undefined ? missing.file : `${missing.file}:${line}`;
      log.warning("{place}: {warning}", { place, warning: missing.warning });
    }
  };
}

const keyOf = ({ file, warning }: { file: string; warning: string }): string => `${file} ${warning}`;

/** Undefined when the file has gone meanwhile. */
async function lineOf({ file, field }: { file: string; field: string }): Promise<number | undefined> {
  const text = await readFile(file, "utf8").catch(() => undefined);
  const yaml = text === undefined ? undefined : readYaml(text);
  return yaml?.ok ? yaml.lineOf(field) : undefined;
}

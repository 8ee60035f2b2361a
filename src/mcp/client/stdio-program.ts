// Starts the program of an MCP server: with no variable of Heddle's own, in a folder of its own, and confined where this machine
// can confine it. It ends with its descendants when Heddle does, however that happens.

import { statSync } from "node:fs";
import { dirname, isAbsolute, join, resolve, sep } from "node:path";
import { packageFolders } from "../../runtime/package-folders.ts";
import type { Spawner, SpawnRequest } from "../../runtime/spawn.ts";
import type { McpServer } from "../server.ts";
import type { StdioTransport } from "./stdio-transport.ts";

export interface ProgramOptions {
  /** Resolves when processes can be started. */
  spawner: () => Promise<Pick<Spawner, "spawn">>;
  /** Heddle's home, which the program must not reach. */
  home: string;
  /** The part of it that is shared anyway. */
  workspace: string;
  surroundings: { path: string | undefined; lang: string | undefined; timezone: string };
}

export async function openProgram(
  { id, command, args, env }: Pick<McpServer, "id" | "command" | "args" | "env">,
  { spawner, home, ...rest }: ProgramOptions,
): Promise<StdioTransport> {
  const { spawn } = await spawner();
  const { createStdioTransport } = await import("./stdio-transport.ts");
  const program = { command: command ?? "", args, env };
  const { request, note } = programRequest(program, join(home, "mcp", id), { home, ...rest });
  return createStdioTransport((onOutput) => spawn({ ...request, onOutput }), note);
}

/** A program says only that such a file does not exist. */
const noteOn = (hidden: readonly string[]): string =>
  hidden.length === 0
    ? ""
    : `(A confined program cannot open ${hidden.join(", ")}: Heddle's home and what contains it are closed to it. Use another folder.)`;

/**
 * What a program that the operator has declared is started with: no variable of Heddle's own, and the folder as its home. `note` says
 * which files of its command it will not find, for the message when it fails; "" if there are none.
 */
export function programRequest(
  { command, args, env }: { command: string; args: string[]; env: Record<string, string> },
  folder: string,
  { home, workspace, surroundings }: Omit<ProgramOptions, "spawner">,
): { request: Omit<SpawnRequest, "onOutput">; note: string } {
  const { path = "/usr/local/bin:/usr/bin:/bin", lang = "C.UTF-8", timezone } = surroundings;
  const named = namedIn([command, ...args], { home, workspace });
  const request = {
    command: [command, ...args],
    cwd: folder,
    environment: { PATH: path, HOME: folder, TMPDIR: folder, LANG: lang, TZ: timezone, ...env },
    access: { read: named.read, write: [folder, ...named.write] },
    hasInput: true,
  };
  return { request, note: noteOn(named.hidden.filter((name) => !isWithin(name, folder))) };
}

/**
 * What the command names by its absolute path is meant for the program: a file with its folder and packages to read, a folder
 * to read and write. Nothing of Heddle's home is, and no folder around it.
 */
function namedIn(words: readonly string[], { home, workspace }: Pick<ProgramOptions, "home" | "workspace">) {
  const read: string[] = [];
  const write: string[] = [];
  const hidden: string[] = [];
  for (const word of words) {
    if (!isAbsolute(word)) continue;
    const path = resolve(word);
    const found = statSync(path, { throwIfNoEntry: false });
    if (!found) continue;
    const folder = found.isDirectory() ? path : dirname(path);
    const isHeddles = isWithin(home, folder) || (isWithin(folder, home) && !isWithin(folder, workspace));
    if (isHeddles) hidden.push(path);
    else if (found.isDirectory()) write.push(folder);
    else read.push(folder, ...packageFolders(folder));
  }
  return { read, write, hidden };
}

/** Whether the path is the folder, or inside it. */
const isWithin = (path: string, folder: string): boolean =>
  path === folder || path.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`);

// `heddle fixture`: writes a fixture of a run, or of the run of a webhook, of a running server.

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { HeddleError } from "../../errors.ts";
import type { Connection } from "./connect.ts";

interface Wanted {
  /** Of a task, or of an inbox event. */
  id: string;
  dir: string;
}

/** Returns the file's path. Throws `conflict` when there is such a file already. */
export async function writeFixture(server: Connection, { id, dir }: Wanted): Promise<string> {
  const { file, text } = (await server.get(
    `/api/v1/tasks/${encodeURIComponent(await taskOf(server, id))}/fixture`,
  )) as { file: string; text: string };
  const path = join(dir, file.replaceAll(/[^a-z0-9.-]/g, "_"));
  await mkdir(dir, { recursive: true });
  try {
    await writeFile(path, text, { flag: "wx" });
  } catch (cause) {
    if ((cause as { code?: string }).code !== "EEXIST") throw cause;
    throw new HeddleError("conflict", `${path} exists already; rename or delete it first.`, { cause });
  }
  return path;
}

async function taskOf(server: Connection, id: string): Promise<string> {
  try {
    await server.get(`/api/v1/tasks/${encodeURIComponent(id)}`);
    return id;
  } catch (error) {
    if (!(error instanceof HeddleError) || error.code !== "not_found") throw error;
  }
  const { outcomes } = (await server.get(`/api/v1/inbox/${encodeURIComponent(id)}`)) as {
    outcomes: { task_id: string | null }[];
  };
  const found = outcomes.find(({ task_id }) => task_id !== null)?.task_id;
  if (!found) throw new HeddleError("conflict", `The webhook ${id} has started no run.`);
  return found;
}

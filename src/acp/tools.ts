// The tools with which bots give coding agents work: one for each agent.

import { lstat, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Type as t } from "@sinclair/typebox";
import { EndsRun } from "../agent/tools/ends-run.ts";
import type { Tool } from "../agent/tools/registry.ts";
import { errorMessage, HeddleError } from "../errors.ts";
import type { JsonObject, ToolContext } from "../sdk/types.ts";
import { parsePath } from "../workspace/path.ts";
import { type CodingAgent, toolName } from "./agent.ts";
import type { Permissions } from "./permissions.ts";
import type { AgentPlace, StartAgent } from "./run-agent.ts";
import type { CodingSessions } from "./sessions.ts";

export interface AgentToolsOptions {
  /** Of the workspace. */
  root: string;
  /** How the program is started, and the folder where it works, which it may reach. Default: the one that is its home. */
  starterOf: (agent: CodingAgent, folder?: string) => Promise<AgentPlace & { start: StartAgent }>;
  permissions: Permissions;
  sessions: Pick<CodingSessions, "begin" | "end" | "endLeft">;
  version: string;
}

export const agentTools = (agents: CodingAgent[], options: AgentToolsOptions): Tool[] =>
  agents.filter(({ is_enabled }) => is_enabled).map((agent) => agentTool(agent, options));

function agentTool(agent: CodingAgent, options: AgentToolsOptions): Tool {
  const { permissions, sessions } = options;
  const name = toolName(agent.id);
  return {
    name,
    type: "builtin",
    annotations: { destructive: true, egress: true },
    timeoutSeconds: agent.timeout_seconds,
    description: `Have the coding agent ${agent.name} work in a folder of the workspace: it reads and changes files there, runs programs and tests, and says what it did. It knows nothing of this conversation.`,
    parameters: t.Object(
      {
        task: t.String({
          minLength: 1,
          maxLength: 50_000,
          description: "What is to be done, and how one sees that it is.",
        }),
        folder: t.String({
          minLength: 1,
          maxLength: 500,
          description: "common/<folder>, or bots/<your id>/<folder>. It is created if it does not exist.",
        }),
      },
      { additionalProperties: false },
    ) as unknown as JsonObject,
    run: (asked: Asked, context: ToolContext) => work(agent, asked, context, options),
    /** Its questions are withdrawn, because nobody waits for the answers; what it did before the server stopped is not known. */
    async reconcile(_args: never, { task_id }: { task_id: string }) {
      await permissions.cancelOf(name, task_id);
      await sessions.endLeft(agent.id, task_id);
      return { outcome: "unknown" as const };
    },
  };
}

const MOST_REFUSED = 20;

interface Asked {
  task: string;
  folder: string;
}

async function work(
  agent: CodingAgent,
  { task, folder: given }: Asked,
  context: ToolContext,
  { root, starterOf, permissions, sessions, version }: AgentToolsOptions,
) {
  const { signal, progress, bot_id } = context;
  const folder = await folderOf(root, given, bot_id);
  const refused: string[] = [];
  const stop = new AbortController();
  const id = await sessions.begin(agent.id, context, { folder: given, task });
  try {
    const { runAgent } = await import("./run-agent.ts");
    const { start, ...place } = await starterOf(agent, folder);
    const done = await runAgent(start, {
      ...{ ...place, name: agent.name, task, version, signal: AbortSignal.any([signal, stop.signal]) },
      onProgress: progress,
      permit: (request, ended) =>
        permissions.ask(toolName(agent.id), context, request, {
          signal: ended,
          onRefused: (reason) => void (refused.length < MOST_REFUSED && refused.push(reason)),
          onFail: (error) => stop.abort(error),
        }),
    });
    const error =
      done.stopReason === "end_turn" ? undefined : `It stopped before it was done: ${done.stopReason}.`;
    const how = error === undefined ? { status: "done" as const } : { status: "failed" as const, error };
    await sessions.end(id, agent.id, { ...how, changed_files: done.files.length });
    return {
      ...(error !== undefined && { error }),
      answer: done.answer || "(It said nothing.)",
      actions: done.actions,
      changed_files: done.files,
      ...(refused.length > 0 && { refused }),
    };
  } catch (error) {
    const isStopped = signal.aborted && !(error instanceof HeddleError && error.code === "timeout");
    // The failure counts, even if it cannot be recorded.
    await sessions
      .end(id, agent.id, { status: isStopped ? "stopped" : "failed", error: errorMessage(error) })
      .catch(() => undefined);
    if (stop.signal.aborted && error === stop.signal.reason) throw new EndsRun(error as HeddleError);
    throw error;
  }
}

/** Creates it. A link on the way would lead the agent elsewhere. */
async function folderOf(root: string, given: string, botId: string): Promise<string> {
  const names = parsePath(given);
  const isOwn =
    names[0] === "common" ? names.length > 1 : names[0] === "bots" && names[1] === botId && names.length > 2;
  if (!isOwn) {
    const message = `folder must be common/<folder> or bots/${botId}/<folder>; got ${given}.`;
    throw new HeddleError("validation", message, { field: "folder" });
  }
  let folder = root;
  for (const name of names) {
    folder = join(folder, name);
    await mkdir(folder).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code === "EEXIST" && (await lstat(folder)).isDirectory()) return;
      throw new HeddleError("validation", `folder must lead through folders only; got ${given}.`, {
        field: "folder",
        cause: error,
      });
    });
  }
  return folder;
}

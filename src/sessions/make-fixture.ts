// Makes a fixture of a run: what it was given and what its tools answered, for `heddle eval` to run it again. Secrets that are
// known are replaced, and where its answer went is left out.

import { and, asc, desc, eq, inArray, isNotNull, lt } from "drizzle-orm";
import { stringify } from "yaml";
import type { Database } from "../db/database.ts";
import { type JsonObject, messages, sessions, tasks, toolCalls } from "../db/schema.ts";
import { HeddleError, notFound } from "../errors.ts";
import type { Redact } from "../redact.ts";
import { maskConfig } from "../secrets/mask.ts";

export interface FixtureOptions {
  db: Pick<Database, "query">;
  redact: Redact;
  /** The tools that exist now. */
  tools: {
    get(
      name: string,
    ): { reference?: string | undefined; description: string; parameters: JsonObject } | undefined;
  };
}

export interface FixtureFile {
  file: string;
  /** YAML. */
  text: string;
}

/** `withPlace`: with what else was said in its session, and with what its tools answered. */
export type MakeFixture = (taskId: string, options: { withPlace: boolean }) => Promise<FixtureFile>;

/** Earlier turns of the session. */
const MOST_TURNS = 20;
const LONGEST_NAME = 60;

const ABOUT = ` What a run was given, what its tools answered, and what is expected of it. Run it again: heddle eval <folder>
 Everything is described in docs/evals.md. "observed" is what happened; it is not compared.`;

export function createMakeFixture({ db: { query }, redact, tools }: FixtureOptions): MakeFixture {
  const clean = <Value>(value: Value): Value => cleaned(value, redact) as Value;

  return async (taskId, { withPlace }) => {
    const [found] = await query
      .select({ task: tasks, message: messages, found: sessions.found_tools })
      .from(tasks)
      .innerJoin(sessions, eq(sessions.id, tasks.session_id))
      .innerJoin(messages, eq(messages.id, tasks.message_id))
      .where(eq(tasks.id, taskId));
    if (!found) throw notFound("task", taskId);
    const { task, message } = found;
    if (task.status === "merged") {
      throw new HeddleError(
        "conflict",
        `Another run answers this message; make a fixture of task ${task.merged_into}.`,
      );
    }
    const {
      client_tools: _client,
      must_call: _must,
      one_call: _one,
      ...options
    } = maskConfig(task.execution_config);
    const recorded = withPlace ? await callsOf(taskId) : [];
    const called = [...new Set(recorded.map(({ tool }) => tool))];
    const expected = withPlace ? await succeeded(taskId, called) : [];
    const history = withPlace ? await turnsBefore(task.session_id, message.position) : [];
    // What remains of a secret in a name would no longer be recognised.
    const name = nameOf(clean(message.source), clean(message.content));
    const fixture = {
      name,
      bot: task.bot_id,
      message: {
        content: message.content,
        ...(message.source !== null && { source: message.source }),
        from_person: message.from_person,
      },
      ...(Object.keys(options).length > 0 && { options }),
      ...(history.length > 0 && { history }),
      // Also those that this run has found: its search answers what was recorded, and finds nothing.
      ...(withPlace && found.found.length > 0 && { found_tools: found.found }),
      ...(called.length > 0 && {
        tools: called.flatMap((tool) => {
          const known = tools.get(tool);
          if (!known) return [];
          const { reference, description, parameters } = known;
          return [{ name: tool, ...(reference !== undefined && { reference }), description, parameters }];
        }),
      }),
      ...(recorded.length > 0 && { recorded }),
      observed: {
        run: task.id,
        status: task.status,
        ...(task.result !== null && { answer: task.result }),
        ...(task.error !== null && { error: task.error }),
      },
      expect: {
        status: "complete",
        ...(expected.length > 0 && { tools: expected }),
        text: { contains: [], excludes: [] },
      },
    };
    const text = stringify(clean(fixture), {
      lineWidth: 100,
      blockQuote: "literal",
      aliasDuplicateObjects: false,
    });
    return { file: `${name}.yaml`, text: `#${ABOUT.replaceAll("\n", "\n#")}\n${text}` };
  };

  async function callsOf(taskId: string) {
    const rows = await query
      .select()
      .from(messages)
      .where(and(eq(messages.task_id, taskId), inArray(messages.role, ["assistant", "tool"])))
      .orderBy(asc(messages.position));
    const calls: { id: string; tool: string; arguments: unknown; result: string | undefined }[] = [];
    for (const { role, tool_call_id, content, tool_calls } of rows) {
      for (const { id, name, arguments: given } of tool_calls ?? []) {
        calls.push({ id, tool: name, arguments: jsonOr(given), result: undefined });
      }
      if (role !== "tool") continue;
      // Some models give calls of one run the same id.
      const open = calls.find(({ id, result }) => id === tool_call_id && result === undefined);
      if (open) open.result = content;
    }
    return calls.flatMap(({ id: _, result, ...call }) => (result === undefined ? [] : [{ ...call, result }]));
  }

  /** Those of these tools of which a call succeeded: nobody wants a call again that was refused. */
  async function succeeded(taskId: string, names: string[]): Promise<string[]> {
    const rows = await query
      .selectDistinct({ tool: toolCalls.tool_name })
      .from(toolCalls)
      .where(and(eq(toolCalls.task_id, taskId), eq(toolCalls.status, "done")));
    return names.filter((name) => rows.some(({ tool }) => tool === name));
  }

  /** What was said before, oldest first, without messages that no run has answered. */
  async function turnsBefore(sessionId: string, position: number) {
    const rows = await query
      .select({ content: messages.content, answer: tasks.result })
      .from(messages)
      .innerJoin(tasks, and(eq(tasks.message_id, messages.id), isNotNull(tasks.result)))
      .where(
        and(eq(messages.session_id, sessionId), eq(messages.role, "user"), lt(messages.position, position)),
      )
      .orderBy(desc(messages.position))
      .limit(MOST_TURNS);
    return rows.reverse().map(({ content, answer }) => ({ message: content, answer }));
  }
}

function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function cleaned(value: unknown, redact: Redact): unknown {
  if (typeof value === "string") return redact(value);
  if (Array.isArray(value)) return value.map((one) => cleaned(one, redact));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, cleaned(one, redact)]));
}

/** "github-pull-request-42-add-dark-mode" */
function nameOf(source: string | null, content: string): string {
  const text = `${source ?? "message"} ${content.slice(0, 200)}`.toLowerCase();
  const words = text.split(/[^a-z0-9]+/).filter((word) => word !== "");
  let name = "";
  for (const word of words) {
    if (name.length + word.length >= LONGEST_NAME) break;
    name = name === "" ? word : `${name}-${word}`;
  }
  return name === "" ? "message" : name;
}

// The coding agents of $HEDDLE_HOME/acp.yaml: programs that speak the Agent Client Protocol.

import { Type as t } from "@sinclair/typebox";
import { readYaml, type TextProblem } from "../content/yaml-text.ts";
import { filled } from "../mcp/variables.ts";
import { compileOwnSchema } from "../schema/json-schema.ts";

export interface CodingAgent {
  id: string;
  name: string;
  command: string;
  args: string[];
  env: Record<string, string>;
  /** Of one piece of work. */
  timeout_seconds: number;
  is_enabled: boolean;
}

const NO_CONTROLS = "^[^\\x00]*$";
const ID = /^[a-z0-9][a-z0-9_-]{0,31}$/;
const VARIABLE_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

const Agent = t.Object(
  {
    name: t.Optional(t.String({ minLength: 1, maxLength: 200 })),
    command: t.String({ minLength: 1, maxLength: 1_000, pattern: NO_CONTROLS }),
    args: t.Optional(t.Array(t.String({ maxLength: 8_192, pattern: NO_CONTROLS }), { maxItems: 100 })),
    env: t.Optional(
      t.Record(t.String(), t.String({ maxLength: 10_000, pattern: NO_CONTROLS }), { maxProperties: 100 }),
    ),
    timeout_seconds: t.Optional(t.Integer({ minimum: 1, maximum: 7_200 })),
    is_enabled: t.Optional(t.Boolean()),
  },
  { additionalProperties: false },
);
const validate = compileOwnSchema(
  t.Object({ agents: t.Optional(t.Record(t.String(), Agent)) }, { additionalProperties: false }),
);

type ReadAgents = { ok: true; agents: CodingAgent[] } | { ok: false; problem: TextProblem };

export function readAgents(text: string, environment: (name: string) => string | undefined): ReadAgents {
  const yaml = readYaml(text);
  if (!yaml.ok) return yaml;
  const problem = (field: string, reason: string): ReadAgents => ({
    ok: false,
    problem: { reason: `${field || "The file"} ${reason}`, line: yaml.lineOf(field) },
  });
  const [first] = validate(yaml.value ?? {});
  if (first) return problem(first.field, first.message);
  const { agents = {} } = (yaml.value ?? {}) as { agents?: Record<string, typeof Agent.static> };
  const read: CodingAgent[] = [];
  for (const [id, entry] of Object.entries(agents)) {
    const field = `agents.${id}`;
    if (!ID.test(id)) return problem(field, "is not an id: it must be 1 to 32 of a-z 0-9 _ -");
    const wrong = Object.keys(entry.env ?? {}).find((name) => !VARIABLE_NAME.test(name));
    if (wrong !== undefined)
      return problem(`${field}.env`, `has the name "${wrong}", which no variable can have`);
    const missing: string[] = [];
    const whole = filled(entry, environment, missing) as typeof Agent.static;
    if (missing.length > 0) return problem(field, `names ${missing.join(", ")}, which the environment lacks`);
    read.push({ name: id, args: [], env: {}, timeout_seconds: 1_800, is_enabled: true, ...whole, id });
  }
  return { ok: true, agents: read };
}

// The coding agents of $HEDDLE_HOME/acp.yaml.

import { Type as t } from "@sinclair/typebox";
import { readYaml, type TextProblem } from "../content/yaml-text.ts";
import { checkVariables } from "../declared/program-fields.ts";
import { filled } from "../declared/variables.ts";
import { errorMessage } from "../errors.ts";
import { compileOwnSchema } from "../schema/json-schema.ts";
import type { CodingAgent } from "./agent.ts";
import { CodingAgentId, type GivenCodingAgent, NEW_AGENT, NewCodingAgent } from "./fields.ts";

const { id: _id, ...fields } = NewCodingAgent.properties;
const Agent = t.Object(fields, { additionalProperties: false });
const validate = compileOwnSchema(
  t.Object({ agents: t.Optional(t.Record(t.String(), Agent)) }, { additionalProperties: false }),
);
const validateId = compileOwnSchema(CodingAgentId);

type Entry = Omit<GivenCodingAgent, "id">;
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
  const { agents = {} } = (yaml.value ?? {}) as { agents?: Record<string, Entry> };
  const read: CodingAgent[] = [];
  for (const [id, entry] of Object.entries(agents)) {
    const field = `agents.${id}`;
    const [invalid] = validateId(id);
    if (invalid) return problem(field, `is not an id: it ${invalid.message}`);
    const missing: string[] = [];
    const whole = filled(entry, environment, missing) as Entry;
    if (missing.length > 0) return problem(field, `names ${missing.join(", ")}, which the environment lacks`);
    try {
      checkVariables(whole.env ?? {});
    } catch (error) {
      return problem(field, `is not complete: ${errorMessage(error)}`);
    }
    const times = { created_at: null, updated_at: null };
    read.push({ ...NEW_AGENT, name: id, ...whole, ...times, source: "file", id });
  }
  return { ok: true, agents: read };
}

// The MCP servers of $HEDDLE_HOME/mcp.yaml. `${NAME}` in it is a variable of the server's environment.

import { Type as t } from "@sinclair/typebox";
import { readYaml, type TextProblem } from "../content/yaml-text.ts";
import { type FollowedFile, followFile } from "../declared/follow-file.ts";
import { filled } from "../declared/variables.ts";
import { errorMessage } from "../errors.ts";
import type { Logger } from "../log.ts";
import { compileOwnSchema } from "../schema/json-schema.ts";
import { checkServer } from "./check.ts";
import { type GivenMcpServer, McpServerId, NewMcpServer } from "./fields.ts";
import { type McpServer, oauthClient } from "./server.ts";

const { id: _id, transport, ...fields } = NewMcpServer.properties;

const Servers = t.Record(
  t.String(),
  t.Object(
    // "type" is what other programs call it; it follows from url or command.
    { ...fields, transport: t.Optional(transport), type: t.Optional(t.String()) },
    { additionalProperties: false },
  ),
);

/** `mcpServers` is what the instructions of most servers show. */
const validate = compileOwnSchema(
  t.Object(
    { servers: t.Optional(Servers), mcpServers: t.Optional(Servers) },
    { additionalProperties: false },
  ),
);
const validateId = compileOwnSchema(McpServerId);

type Entry = Omit<GivenMcpServer, "id" | "transport"> & { transport?: McpServer["transport"]; type?: string };

type McpFile = { ok: true; servers: McpServer[] } | { ok: false; problem: TextProblem };

/** `environment` gives the value of a variable. */
function readMcpFile(text: string, environment: (name: string) => string | undefined): McpFile {
  const yaml = readYaml(text);
  if (!yaml.ok) return yaml;
  const problem = (field: string, reason: string): McpFile => ({
    ok: false,
    problem: { reason: `${field || "The file"} ${reason}`, line: yaml.lineOf(field) },
  });
  const [first] = validate(yaml.value ?? {});
  if (first) return problem(first.field, first.message);
  const all = (yaml.value ?? {}) as { servers?: Record<string, Entry>; mcpServers?: Record<string, Entry> };
  const servers: McpServer[] = [];
  for (const [key, entries] of Object.entries(all)) {
    for (const [id, entry] of Object.entries(entries ?? {})) {
      const field = `${key}.${id}`;
      const [invalid] = validateId(id);
      if (invalid) return problem(field, `is not an id: it ${invalid.message}`);
      if (servers.some((other) => other.id === id)) return problem(field, "is declared twice");
      const missing: string[] = [];
      const server = serverOf(id, filled(entry, environment, missing) as Entry);
      if (missing.length > 0)
        return problem(field, `names ${missing.join(", ")}, which the environment lacks`);
      try {
        checkServer(server);
      } catch (error) {
        return problem(field, `is not complete: ${errorMessage(error)}`);
      }
      servers.push(server);
    }
  }
  return { ok: true, servers };
}

function serverOf(id: string, { type: _type, oauth, ...entry }: Entry): McpServer {
  return {
    source: "file",
    name: id,
    url: null,
    headers: {},
    command: null,
    args: [],
    env: {},
    is_enabled: true,
    timeout_seconds: 60,
    allow_private: false,
    trust_annotations: false,
    created_at: null,
    updated_at: null,
    ...entry,
    oauth: oauth ? oauthClient(oauth) : null,
    transport: entry.transport ?? (entry.command === undefined ? "http" : "stdio"),
    id,
  };
}

export interface FollowMcpFile {
  path: string;
  environment: (name: string) => string | undefined;
  log: Logger;
  /** Called with the servers when they change; a file that cannot be read leaves the last ones. */
  onChange(servers: McpServer[]): void;
}

/** Resolves when the file has been read once. */
export const followMcpFile = ({ path, environment, log, onChange }: FollowMcpFile): Promise<FollowedFile> =>
  followFile({
    path,
    log,
    what: "The servers",
    absent: { servers: [] as McpServer[] },
    read: (text) => readMcpFile(text, environment),
    onChange: ({ servers }) => onChange(servers),
  });

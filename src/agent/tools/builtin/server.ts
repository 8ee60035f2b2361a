// The core tools about the server itself. A bot has them only if its own tools name them: no pattern, message or carapace's pattern
// brings them.

import { type TObject, Type } from "@sinclair/typebox";
import type { Tool } from "../registry.ts";
import { answering } from "./answering.ts";

interface Integration {
  id: string;
  name: string;
  status: string;
  enabled: boolean;
  isLive: boolean;
  version: string | null;
  error: { reason: string } | null;
  tools: string[];
}

/** The part of the server that the tools need. */
export interface ServerForTools {
  facts(): Promise<{
    version: string;
    database: string;
    model: string | null;
    runs: Record<string, number>;
    problems: { severity: string; title: string; detail: string | null; blocks: string }[];
  }>;
  integrations: {
    list(): Integration[];
    get(id: string): Integration | undefined;
    /** Loads the version on the disk. */
    reload(id: string): Promise<Integration>;
    setEnabled(id: string, enabled: boolean): Promise<void>;
  };
}

const ACTIONS = ["list", "get", "enable", "disable", "reload"] as const;

export function createServerTools(server: ServerForTools): Tool[] {
  return [statusTool, manageTool].map((make) => ({ ...answering(make(server)), byNameOnly: true }));
}

const statusTool = ({ facts, integrations }: ServerForTools): Tool => ({
  name: "get_system_status",
  annotations: { readOnly: true },
  description:
    "Read how the server is: its version and model, what its runs do, which integrations work, and what needs a person.",
  parameters: schema({}),
  async run() {
    return {
      ...(await facts()),
      integrations: integrations.list().map(({ id, status }) => ({ id, status })),
    };
  },
});

const manageTool = ({ integrations }: ServerForTools): Tool => ({
  name: "manage_integration",
  // An integration that was switched off meanwhile reports nothing.
  annotations: { destructive: true },
  description:
    "Look at the server's integrations, enable or disable one, or load its folder again. Settings and the approval of code are for people.",
  parameters: schema({
    action: Type.Union(
      ACTIONS.map((action) => Type.Literal(action)),
      { description: "What to do; all but list need id." },
    ),
    id: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: "The integration." })),
  }),
  async run({ action, id }: { action: (typeof ACTIONS)[number]; id?: string }) {
    if (action === "list") return { integrations: integrations.list().map(shortly) };
    if (id === undefined) return { error: `The action ${action} needs id.` };
    const found = integrations.get(id);
    if (!found) {
      const ids = integrations.list().map((one) => one.id);
      return { error: `There is no integration "${id}". There are: ${ids.join(", ") || "none"}.` };
    }
    if (action === "get") return fully(found);
    if (action === "reload") return fully(await integrations.reload(id));
    await integrations.setEnabled(id, action === "enable");
    return { id, enabled: action === "enable", note: "It applies within a moment." };
  },
});

const shortly = ({ id, name, status, enabled }: Integration) => ({ id, name, status, enabled });

const fully = ({ version, isLive, error, tools, ...integration }: Integration) => ({
  ...shortly(integration as Integration),
  version,
  is_live: isLive,
  error: error?.reason ?? null,
  tools,
});

const schema = (properties: TObject["properties"]): Tool["parameters"] =>
  Type.Object(properties, { additionalProperties: false }) as unknown as Tool["parameters"];

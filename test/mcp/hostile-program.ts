// An MCP server (2025-11-25) that breaks the rules of the protocol in the way that its first argument names. It counts how often it is
// asked for its list, in a file of the folder that the second one names.

import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

const [, , mode = "", folder = ""] = process.argv;
const send = (message: object) => process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
const tool = (name: string, inputSchema: object = { type: "object" }) => ({ name, inputSchema });

function deep(levels: number): object {
  let schema: object = { type: "string" };
  for (let at = 0; at < levels; at++) schema = { type: "object", properties: { a: schema } };
  return schema;
}

const TOOLS: Record<string, () => object[]> = {
  flood: () => Array.from({ length: 20_000 }, (_, at) => tool(`flood_${at}`)),
  schemas: () => [
    tool("cyclic", { type: "object", properties: { a: { $ref: "#" } }, $defs: { x: { $ref: "#/$defs/x" } } }),
    tool("self", {
      type: "object",
      properties: { a: { $ref: "#/$defs/x" } },
      $defs: { x: { $ref: "#/$defs/x" } },
    }),
    tool("deep", deep(3_000)),
    tool("elsewhere", { type: "object", properties: { a: { $ref: "https://schemas.example/x.json" } } }),
    tool("proto", { type: "object", properties: { ["__proto__"]: { type: "string" } } }),
    tool("plain"),
  ],
};

/** Ten times, each later than what a client waits for more of the same. */
function storm(left = 10): void {
  if (left === 0) {
    appendFileSync(join(folder, "calm"), "");
    return;
  }
  for (let at = 0; at < 100; at++) send({ method: "notifications/tools/list_changed" });
  setTimeout(() => storm(left - 1), 400);
}

for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params } = JSON.parse(line) as {
    id?: number;
    method: string;
    params?: { name?: string; cursor?: string };
  };
  const answer = (result: object) => send({ id, result });
  if (method === "initialize") {
    answer({
      protocolVersion: "2025-11-25",
      capabilities: { tools: { listChanged: true } },
      serverInfo: { name: mode, version: "1" },
    });
  } else if (method === "notifications/initialized" && mode === "storm") storm();
  else if (method === "ping") answer({});
  else if (method === "tools/list") {
    appendFileSync(join(folder, mode), ".");
    const at = Number(params?.cursor ?? 0);
    // The pages of one end, those of the other do not.
    const last = mode === "paged" ? 3 : mode === "endless" ? Number.POSITIVE_INFINITY : 0;
    const tools = TOOLS[mode]?.() ?? [tool(at === 0 ? `${mode}_one` : `${mode}_${at}`)];
    const more = at < last && { nextCursor: String(at + 1) };
    setTimeout(() => answer({ tools, ...more }), mode === "storm" ? 1_000 : 0);
  } else if (method === "tools/call") {
    if (mode === "silent") continue;
    if (mode === "ids") {
      send({ id: 999_999, result: { content: [{ type: "text", text: "for nobody" }] } });
      send({ id: "1", error: { code: 1, message: "for nobody" } });
      send({ id: null, error: { code: -32_700, message: "for nobody" } });
      process.stdout.write("no JSON\n[1,2]\n{}\n");
      answer({ content: [{ type: "text", text: "the answer" }] });
      answer({ content: [{ type: "text", text: "a second one" }] });
    } else answer({ content: [{ type: "text", text: `called ${params?.name}` }] });
  } else if (id !== undefined) send({ id, error: { code: -32_601, message: "no" } });
}

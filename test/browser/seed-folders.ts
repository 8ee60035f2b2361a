// Folders of integrations that a home has before its server starts: one that has everything, one that does not load, and
// one with a name that no card is wide enough for.

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const FILES: Record<string, string> = {
  "loom/README.md": `# Loom

Watches the looms of the weaving mill, and tells the bots when a thread breaks. Its process reads the looms' telegrams.

## Setting up

1. Enter the **webhook URL** at the loom's controller.
2. Choose a secret, and enter it at both ends.

| Loom | Threads |
|---|---|
| one | 400 |
`,
  "loom/setup.ts": `import { defineSetup } from "heddle/sdk";
export const SETUP = defineSetup({
  version: "2.1.0",
  icon: "Activity",
  instructions_url: "https://loom.example.com/webhooks",
  env_vars: [
    { key: "LOOM_SECRET", required: true, secret: true, description: "Signs what the looms send" },
    { key: "LOOM_SHED", description: "The shed in which the looms stand", default: "north" },
  ],
  api_permissions: ["documents:write", "sessions:write"],
  webhook: {
    path: "/webhook",
    description: "Receives broken threads",
    verifier: { scheme: "hmac", header: "x-loom-signature", prefix: "sha256=", secret: "LOOM_SECRET" },
  },
  sidebar_section: {
    id: "loom",
    title: "LOOMS",
    icon: "Activity",
    items: [{ label: "Sheds", href: "/loom", icon: "Layers" }],
    readiness_endpoint: "/integrations/loom/ready",
    readiness_field: "looms",
  },
  dashboard_modules: [{ id: "tension", label: "Tension", icon: "Activity", description: "Of the warps, in newtons" }],
});
`,
  "loom/config.ts": `import { defineConfig, t } from "heddle/sdk";
export const settings = defineConfig({
  LOOM_SECRET: t.Optional(t.String()),
  LOOM_THREADS: t.Integer({ default: 400, minimum: 1, description: "Threads of a loom" }),
  LOOM_ALARM: t.Boolean({ default: true, description: "Whether a broken thread wakes somebody" }),
});
`,
  "loom/router.ts": `import { Elysia, getOrCreateSession, injectMessage, verifyWebhook } from "heddle/sdk";
import { settings } from "./config.ts";
export const router = new Elysia().post(
  "/webhook",
  async ({ request }) => {
    const { payload, id } = await verifyWebhook(request, {
      scheme: "hmac",
      header: "x-loom-signature",
      prefix: "sha256=",
      secret: settings.LOOM_SECRET,
    });
    const sessionId = await getOrCreateSession({ clientId: "loom:north", botId: "default" });
    await injectMessage({ sessionId, content: \`A thread broke: \${JSON.stringify(payload)}\`, source: "loom", runAgent: true, idempotencyKey: \`loom:\${id}\` });
    return { ok: true };
  },
  { parse: "none" },
).get("/ready", () => ({ looms: "ready" })).get("/mc/tension/data", () => ({
  title: "Tension of the warps",
  sections: [
    { type: "stat_row", stats: [{ label: "Looms", value: 4 }, { label: "Broken threads", value: 1 }] },
    { type: "chart", title: "This week", kind: "line", x: ["Mon", "Tue", "Wed", "Thu"], series: [{ label: "Newtons", data: [38, 41, 44, 40] }] },
    { type: "table", headers: ["Loom", "Newtons"], rows: [["seven", 38], ["twelve", 61]] },
    { type: "markdown", content: "Loom **twelve** is too tight." },
  ],
}));
`,
  "loom/dispatcher.ts": `import { registerDispatcher, t } from "heddle/sdk";
registerDispatcher("loom", {
  config: t.Object({ shed: t.String() }),
  deliver: ({ task }) => ({ receipt: { board: task.id } }),
  edit: () => {},
  remove: () => {},
});
`,
  "loom/process.ts": `export const CMD = ["bun", "watch.ts"];
export const DESCRIPTION = "Reads the telegrams of the looms";
`,
  "loom/watch.ts": `let count = 0;
console.log("Listening for telegrams of the looms");
console.error("Loom 7 does not answer");
setInterval(() => console.log("Telegram " + ++count + ": tension " + (40 + (count % 5)) + " newtons"), 250);
`,
  "loom/hooks.ts": `import { registerHook, registerIntegration } from "heddle/sdk";
registerIntegration({ integrationType: "loom", clientIdPrefix: "loom:", testConnection: () => "Four looms answer." });
registerHook("after_response", () => {});
registerHook("after_tool_call", () => {});
`,
  "loom/tools/loom_tension.ts": `import { register, t } from "heddle/sdk";
register(
  {
    name: "loom_tension",
    description: "Returns the tension of a loom's warp, in newtons.",
    annotations: { readOnly: true },
    parameters: t.Object({
      loom: t.String({ description: "The loom's name" }),
      shed: t.Optional(t.Union([t.Literal("north"), t.Literal("south")], { description: "Where it stands" })),
      samples: t.Optional(t.Integer({ minimum: 1, maximum: 100, description: "How many measurements to average" })),
    }),
  },
  ({ loom, samples = 1 }) => ({ loom, newtons: 42, samples }),
);
register(
  {
    name: "loom_wind",
    description: "Winds the spools of a loom until it is stopped.",
    annotations: { destructive: true, egress: true },
    reconcile: () => ({ outcome: "not_done" }),
  },
  async (_args, { progress, signal }) => {
    const timer = setInterval(() => progress("3 of 8 spools are wound", 3 / 8), 100);
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    clearInterval(timer);
  },
);
`,
  "loom/skills/threads.md": `---
name: Broken threads
description: What to do when a thread breaks.
---

# Broken threads

Stop the loom **before** the thread is tied.
`,
  "broken/tools/broken.ts": `import { register } from "heddle/sdk";

register({ name: "broken_tool", description: "Never registered." }, () => {
  return undefinedName(;
});
`,
  "the_weaving_mill_of_the_northern_shed_with_all_of_its_four_hundred_looms/setup.ts": `import { defineSetup } from "heddle/sdk";
export const SETUP = defineSetup({
  sidebar_section: { id: "mill", title: "THE MILL", items: [{ label: "Plan of the halls", href: "/mill" }] },
  web_ui: { static_dir: "ui" },
});
`,
  "the_weaving_mill_of_the_northern_shed_with_all_of_its_four_hundred_looms/ui/index.html": `<!doctype html><html lang="en"><title>Halls</title>
<h1>The halls of the mill</h1><p id="origin"></p><script src="origin.js"></script></html>
`,
  "the_weaving_mill_of_the_northern_shed_with_all_of_its_four_hundred_looms/ui/origin.js": `document.getElementById("origin").textContent = "Origin: " + self.origin;
`,
  "the_weaving_mill_of_the_northern_shed_with_all_of_its_four_hundred_looms/tools/mill.ts": `import { register } from "heddle/sdk";
register({ name: "mill_state", description: "Says how the mill is." }, () => "well");
`,
};

/** Bots, skills and carapaces of the operator, in the home folder. */
const CONTENT: Record<string, string> = {
  "skills/opening-hours.md": `---
name: Opening hours
description: When the shop is open, and whom to ask on holidays. Read it before promising a time.
tags: [shop, time]
---

# Opening hours

Monday to Friday **9 to 17**, on Saturdays 10 to 14.

| Holiday | Open |
|---|---|
| New Year | no |
`,
  "carapaces/on-call.yaml": `name: On call
description: Looks into alerts and calls the right person.
skills: [opening-hours, { id: heddle, mode: pinned }]
local_tools: ["loom_*", search_documents]
system_prompt_fragment: |
  You are the first to look at an alert. Say what you found before you call anybody.
includes: [triage]
requires: { tools: [pager_call] }
tags: [operations]
`,
  "bots/weaver.yaml": `name: The weaver
description: Answers the people of the mill, and remembers what they like.
system_prompt: |
  You answer in one sentence.
  You never promise a time without reading the opening hours.
model: acme/shuttle-large
fallback_models: [acme/shuttle-small]
tools: [remember, correct_memory, forget_memory, search_memory, search_documents, "loom_*"]
skills: [{ id: opening-hours, mode: rag }]
carapaces: [on-call]
`,
};

export function seedFolders(home: string): void {
  for (const [path, text] of Object.entries(CONTENT)) {
    mkdirSync(dirname(join(home, path)), { recursive: true });
    writeFileSync(join(home, path), text);
  }
  for (const [path, text] of Object.entries(FILES)) {
    const file = join(home, "workspace", "integrations", path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}

// Turns the template in scaffold/, an integration for a service called Acme, into one of another name with some of its parts.

export const PARTS = [
  "router",
  "dispatcher",
  "hooks",
  "listeners",
  "process",
  "tools",
  "skills",
  "config",
  "setup",
  "carapace",
] as const;
export type Part = (typeof PARTS)[number];

/** Those of an integration for which none are named. */
export const DEFAULT_PARTS: readonly Part[] = ["router", "dispatcher", "tools", "skills", "config", "setup"];

/** The files that belong to parts, by their paths in the template; the others are always written. */
const FILES: Record<string, readonly Part[]> = {
  "router.ts": ["router"],
  "dispatcher.ts": ["dispatcher"],
  "hooks.ts": ["hooks"],
  "listeners.ts": ["listeners"],
  "process.ts": ["process"],
  "listener.ts": ["process"],
  "reminders.ts": ["process"],
  "hand-over.ts": ["router", "listeners", "process"],
  "config.ts": ["config"],
  "client.ts": ["dispatcher", "listeners", "process", "tools"],
  "setup.ts": ["setup"],
  "tools/get_room.ts": ["tools"],
  "skills/acme.md": ["skills"],
  "carapaces/acme.yaml": ["carapace"],
  "dev.webhook.json": ["router"],
  "dev.script.yaml": ["router", "listeners", "process", "tools"],
  "tests/router.test.ts": ["router"],
  "tests/dispatcher.test.ts": ["dispatcher"],
  "tests/hooks.test.ts": ["hooks"],
  "tests/listeners.test.ts": ["listeners"],
  "tests/process.test.ts": ["process"],
  "tests/tools.test.ts": ["tools"],
};

/** Under their own names these files would take effect in the repository. */
const PLACES: Record<string, string> = {
  "project/gitignore": ".gitignore",
  "project/package.json": "package.json",
  "project/tsconfig.json": "tsconfig.json",
  "project/deno.json": "deno.json",
};

/** Returns path → text of a new integration. `template` is the same for the template; `id` must be valid. */
export function fillTemplate(
  template: ReadonlyMap<string, string>,
  { id, parts }: { id: string; parts: ReadonlySet<Part> },
): Map<string, string> {
  const filled = new Map<string, string>();
  for (const [path, text] of template) {
    const needed = FILES[path];
    if (needed && !needed.some((part) => parts.has(part))) continue;
    filled.set(PLACES[path] ?? rename(path, id), rename(choose(text, parts), id));
  }
  return filled;
}

const IF = /@if ([\w|]+)/;
const END = /@end\b/;

/** Removes the lines between "@if a|b" and "@end" unless a or b is chosen, and those two lines themselves. */
function choose(text: string, parts: ReadonlySet<string>): string {
  const kept: string[] = [];
  const open: boolean[] = [];
  for (const line of text.split("\n")) {
    const [, condition] = IF.exec(line) ?? [];
    if (condition !== undefined) open.push(condition.split("|").some((part) => parts.has(part)));
    else if (END.test(line)) open.pop();
    else if (open.every(Boolean)) kept.push(line);
  }
  return `${kept
    .join("\n")
    .replace(/\n{3,}/g, "\n\n")
    .trimEnd()}\n`;
}

/** For the id "my-notify": My Notify in texts, MY_NOTIFY_ in settings, my_notify_ in tools, and so on. */
function rename(text: string, id: string): string {
  const words = id.split(/[_-]+/).filter((word) => word !== "");
  const titles = words.map((word) => word.slice(0, 1).toUpperCase() + word.slice(1));
  const names: Record<string, string> = {
    ACME_: `${words.join("_").toUpperCase()}_`,
    acme_: `${words.join("_")}_`,
    askAcme: `ask${titles.join("")}`,
    "X-Acme-": `X-${titles.join("-")}-`,
    "x-acme-": `x-${words.join("-")}-`,
    "acme.example": `${words.join("-")}.example`,
    Acme: titles.join(" "),
    acme: id,
  };
  // In one pass, because the id may contain "acme".
  return text.replace(
    /ACME_|acme_|askAcme|[Xx]-[Aa]cme-|acme\.example|Acme|acme/g,
    (name) => names[name] ?? id,
  );
}

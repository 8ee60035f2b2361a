// Writes src/web/parts/icons.svg from Lucide: one symbol for each name in icon-names.ts.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ICON_NAMES } from "../../src/web/parts/icon-names.ts";

const repository = join(import.meta.dirname, "..", "..");
export const SPRITE = join(repository, "src", "web", "parts", "icons.svg");

/** Names that Lucide has since changed or given up. They stay because manifests use them. */
const RENAMED: Record<string, string> = {
  AlertTriangle: "triangle-alert",
  BarChart3: "chart-column",
  CheckCircle2: "circle-check",
  Code2: "code-xml",
  Columns: "columns-2",
  Filter: "funnel",
  Github: "git-pull-request",
  HelpCircle: "circle-question-mark",
  Home: "house",
  MoreHorizontal: "ellipsis",
  Trash2: "trash-2",
  XCircle: "circle-x",
};

const fileNameOf = (name: string): string =>
  RENAMED[name] ?? name.replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, "-").toLowerCase();

export async function sprite(): Promise<string> {
  const symbols = await Promise.all(
    ICON_NAMES.map(async (name) => {
      const file = join(repository, "node_modules", "lucide-static", "icons", `${fileNameOf(name)}.svg`);
      const text = await readFile(file, "utf8");
      const shapes = text.slice(text.indexOf(">", text.indexOf("<svg")) + 1, text.lastIndexOf("</svg>"));
      return `<symbol id="${name}" viewBox="0 0 24 24">${shapes.replaceAll(/\s*\n\s*/g, "")}</symbol>`;
    }),
  );
  const licence = "<!-- Icons of lucide.dev, ISC licence, see NOTICE -->";
  return `<svg xmlns="http://www.w3.org/2000/svg">${licence}\n${symbols.join("\n")}\n</svg>\n`;
}

if (import.meta.main) await Bun.write(SPRITE, await sprite());

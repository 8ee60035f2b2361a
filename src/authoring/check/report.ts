// Reports as text.

import { relative } from "node:path";
import { styleText } from "node:util";
import { GRADES, type Grade, LEVELS, type Level, type Report } from "./finding.ts";
import { RULES } from "./rules.ts";

type Style = Parameters<typeof styleText>[0];

const LEVEL_STYLES: Record<Level, Style> = { error: "red", warning: "yellow", info: "cyan" };
const GRADE_STYLES: Record<Grade, Style> = { gold: "green", silver: "cyan", bronze: "yellow", none: "red" };
const NEEDED_FOR: Record<Level, Grade> = { error: "bronze", warning: "silver", info: "gold" };

const paint = (style: Style, text: string): string => styleText(style, text, { stream: process.stdout });

/** Without a line break at the end. */
export function reportText({ id, source, folder, grade, findings, ran }: Report): string {
  // The folder that built-in integrations are unpacked to means nothing to the user.
  const place = source === "builtin" ? "" : `, ${shortest(folder)}`;
  const lines = [`${paint("bold", id)}  ${paint(GRADE_STYLES[grade], grade)}  (${source}${place})`];
  for (const { rule, level, message, fix, file, line } of findings) {
    const where = file === undefined ? "" : `${file}${line === undefined ? "" : `:${line}`}  `;
    lines.push(`  ${paint(LEVEL_STYLES[level], level.padEnd(7))}  ${where}${message}  [${rule}]`);
    lines.push(`           ${paint("gray", fix)}`);
  }
  for (const what of ran) lines.push(`  ${paint("gray", `${"ran".padEnd(7)}  ${what}`)}`);
  return lines.join("\n");
}

/** Relative to the working directory, unless that takes a climb. */
function shortest(folder: string): string {
  const path = relative(process.cwd(), folder) || ".";
  return path.startsWith("..") ? folder : path;
}

/** "3 integrations: 2 gold, 1 none" */
export function summaryText(reports: readonly Report[]): string {
  const counts = GRADES.map((grade) => [grade, reports.filter((report) => report.grade === grade).length]);
  const parts = counts.filter(([, count]) => count !== 0).map(([grade, count]) => `${count} ${grade}`);
  return `${reports.length} integration${reports.length === 1 ? "" : "s"}: ${parts.join(", ")}`;
}

/** All rules, under the grade that requires them. */
export function rulesText(executed: readonly { rule: string; about: string }[]): string {
  const all = [
    ...RULES.map(({ id, level, about }) => ({ rule: id, level, about })),
    ...executed.map((one) => ({ ...one, level: "error" as const })),
  ];
  return LEVELS.map((level) => {
    const rules = all.filter((rule) => rule.level === level);
    const width = Math.max(...rules.map(({ rule }) => rule.length));
    const lines = rules.map(({ rule, about }) => `  ${rule.padEnd(width)}  ${about}`);
    return `${paint("bold", NEEDED_FOR[level])} requires (otherwise: ${level})\n${lines.join("\n")}`;
  }).join("\n\n");
}

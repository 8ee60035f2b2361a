// The result of a check: findings, and the grade that follows from them.

export const LEVELS = ["error", "warning", "info"] as const;
/** An error must be fixed; a warning will cause trouble some day; an info is something that people will miss. */
export type Level = (typeof LEVELS)[number];

/** Best first; "none" is the grade of an integration with errors. */
export const GRADES = ["gold", "silver", "bronze", "none"] as const;
export type Grade = (typeof GRADES)[number];

/** One finding of a rule. */
export interface Found {
  message: string;
  /** What to do about it. */
  fix: string;
  /** Relative to the folder. */
  file?: string;
  /** From 1. */
  line?: number;
}

export interface Finding extends Found {
  rule: string;
  level: Level;
}

/** The result for one integration. */
export interface Report {
  id: string;
  source: string;
  folder: string;
  grade: Grade;
  /** Errors first. */
  findings: Finding[];
  /** What --test and --start ran, in words. */
  ran: string[];
}

/** bronze: no errors; silver: no warnings either; gold: no findings at all. */
export function gradeOf(findings: readonly Pick<Finding, "level">[]): Grade {
  const has = (level: Level) => findings.some((finding) => finding.level === level);
  if (has("error")) return "none";
  if (has("warning")) return "bronze";
  return has("info") ? "silver" : "gold";
}

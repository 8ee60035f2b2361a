// `heddle check`: loads integrations without serving them and reports what is wrong with each.

import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { HeddleError } from "../../errors.ts";
import {
  discover,
  discoverOne,
  type FoundIntegration,
  type IntegrationSource,
} from "../../integrations/discovery/discover.ts";
import type { ExecutedCheck } from "./executed-checks.ts";
import { type Finding, gradeOf, LEVELS, type Report } from "./finding.ts";
import { loadAlone } from "./load-alone.ts";
import { RULES } from "./rules.ts";
import type { CheckedIntegration } from "./subject.ts";

export interface CheckOptions {
  integrations: CheckedIntegration[];
  executed?: readonly ExecutedCheck[];
  /** A folder that is removed afterwards. */
  scratch: string;
}

/** Checks them one after the other, in their order. */
export async function checkIntegrations(options: CheckOptions): Promise<Report[]> {
  const { integrations, executed = [], scratch } = options;
  const reports: Report[] = [];
  for (const found of integrations) reports.push(await checkOne(found, executed, scratch));
  return reports;
}

async function checkOne(
  found: CheckedIntegration,
  executed: readonly ExecutedCheck[],
  scratch: string,
): Promise<Report> {
  // Its modules are not released, since errors of its code may still be formatted: that reads the source maps beside them.
  const subject = await loadAlone(found, scratch);
  const findings: Finding[] = [];
  for (const { id, level, check } of RULES) {
    for (const it of await check(subject)) findings.push({ rule: id, level, ...it });
  }
  const ran: string[] = [];
  for (const one of executed) {
    const result = await one.run(subject, scratch);
    findings.push(...result.findings);
    ran.push(result.ran);
  }
  findings.sort((a, b) => LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level));
  const { id, source, folder } = found;
  return { id, source, folder, grade: gradeOf(findings), findings, ran };
}

/**
 * Returns the integration in a folder, or those in its subfolders. Throws a HeddleError "config" with the reasons when
 * it finds none.
 */
export async function findIn(dir: string): Promise<FoundIntegration[]> {
  const folder = resolve(dir);
  if (!(await stat(folder).catch(() => undefined))?.isDirectory()) {
    throw new HeddleError("config", `${folder} is not a folder.`);
  }
  const one = await discoverOne(folder);
  if ("id" in one) return [one];
  const { found, notes } = await discover([{ kind: "external", dir: folder }]);
  if (found.length > 0) return found;
  const reasons = [one, ...notes].map((note) => `  ${note.folder}: ${note.reason}`);
  throw new HeddleError("config", `There is no integration in ${folder}.\n${reasons.join("\n")}`);
}

/** The integrations that a server would load from these sources. */
export const findAll = async (sources: IntegrationSource[]): Promise<FoundIntegration[]> =>
  (await discover(sources)).found;

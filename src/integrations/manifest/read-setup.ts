import { readFileSync } from "node:fs";
import type { FieldProblem } from "../../schema/field-problems.ts";
import type { SetupManifest } from "../../sdk/manifest.ts";
import { findInLiteral } from "../discovery/find-in-literal.ts";
import { errorAt } from "../discovery/locate.ts";
import { checkManifest, checkVerifierSecret } from "./manifest.ts";

/**
 * Validates the exported SETUP. Throws an error that names every problem with its line; `file` is absolute, and `instead` says what
 * the file exports if it has no SETUP.
 */
export function readSetup(file: string, exported: unknown, instead = ""): SetupManifest {
  if (exported === undefined) throw errorAt(file, 1, `The file must export SETUP, an object${instead}`);
  // These have none of the fields, and an empty manifest is valid.
  const kind = Object.prototype.toString.call(exported).slice("[object ".length, -1);
  if (["Promise", "Map", "Set"].includes(kind)) {
    throw errorAt(file, 1, `SETUP must be a plain object; got a ${kind}`);
  }
  const [first, ...others] = checkManifest(exported);
  if (first) throw errorOf(file, first, others);
  return exported as SetupManifest;
}

/** Throws when the webhook's verifier takes its secret from an undeclared setting; `settings` are the merged ones. */
export function checkSecretOf(
  file: string,
  setup: SetupManifest,
  settings: readonly { key: string }[],
): void {
  const problem = checkVerifierSecret(
    setup,
    settings.map(({ key }) => key),
  );
  if (problem) throw errorOf(file, problem);
}

/** An error at the line of the first problem; its text names the lines of the others. */
function errorOf(file: string, first: FieldProblem, others: FieldProblem[] = []): Error {
  const source = sourceOf(file);
  const lineOf = ({ path }: FieldProblem) =>
    findInLiteral(source, "SETUP", path.match(/[^.[\]]+/g) ?? []) ?? 1;
  const describe = ({ path, message }: FieldProblem) =>
    `${path === "" || path.startsWith("[") ? `SETUP${path}` : `SETUP.${path}`} ${message}`;
  const more = others.map((other) => `; in line ${lineOf(other)}: ${describe(other)}`);
  return errorAt(file, lineOf(first), describe(first) + more.join(""));
}

/** The source of the file; empty for a prebuilt integration without sources. */
function sourceOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

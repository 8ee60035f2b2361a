import { readFileSync } from "node:fs";
import type { FieldProblem } from "../../schema/field-problems.ts";
import type { SetupManifest } from "../../sdk/manifest.ts";
import { findInLiteral } from "../discovery/find-in-literal.ts";
import { errorAt } from "../discovery/locate.ts";
import { checkManifest, checkVerifierSecret } from "./manifest.ts";

/** What setup.ts exports as SETUP. Throws, with the line, what is wrong with it; `file` is absolute. */
export function readSetup(file: string, exported: unknown): SetupManifest {
  if (exported === undefined) throw errorAt(file, 1, "It must export SETUP, an object");
  const [first, ...others] = checkManifest(exported);
  if (first) throw errorOf(file, first, others);
  return exported as SetupManifest;
}

/** Throws when the webhook's verifier takes its secret from a setting that nobody declares; `settings` are the merged ones. */
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

/** In the place of the first, for there the author begins; of the others it has the places. */
function errorOf(file: string, first: FieldProblem, others: FieldProblem[] = []): Error {
  const source = sourceOf(file);
  const lineOf = ({ path }: FieldProblem) =>
    findInLiteral(source, "SETUP", path.match(/[^.[\]]+/g) ?? []) ?? 1;
  const told = ({ path, message }: FieldProblem) =>
    `${path === "" || path.startsWith("[") ? `SETUP${path}` : `SETUP.${path}`} ${message}`;
  const more = others.map((other) => `; in line ${lineOf(other)}: ${told(other)}`);
  return errorAt(file, lineOf(first), told(first) + more.join(""));
}

/** A prebuilt integration may have left its sources behind. */
function sourceOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

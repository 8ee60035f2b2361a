// The fields of a program that the operator declares: a command with its arguments and variables.

import { Type as t } from "@sinclair/typebox";
import { HeddleError } from "../errors.ts";

export const NO_CONTROLS = "^[^\\x00]*$";

export const Command = t.String({
  minLength: 1,
  maxLength: 1_000,
  pattern: NO_CONTROLS,
  description: "A path, or a name in PATH.",
});

export const Words = t.Array(t.String({ maxLength: 8_192, pattern: NO_CONTROLS }), {
  maxItems: 100,
  description: "Arguments of `command`. Secrets belong into `env`.",
});

/** Short, because it is part of the names of tools. */
export const idField = (description: string) =>
  t.String({ pattern: "^[a-z0-9][a-z0-9_-]{0,31}$", description });

/** Their names are checked by `checkVariables` and its like: OpenAPI has no patterns of names. */
export const secretTexts = (pattern: string, description: string) =>
  t.Optional(
    t.Record(t.String(), t.String({ maxLength: 10_000, pattern }), {
      maxProperties: 100,
      description: `${description} Stored encrypted, shown masked.`,
    }),
  );

/** Throws `validation`. */
export function checkVariables(env: Record<string, string>): void {
  const variable = Object.keys(env).find((name) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name));
  if (variable !== undefined) throw wrong("env", `must have names of variables; got "${variable}"`);
}

/**
 * A key that was meant for one program must not go to another: whoever may change the command does not thereby learn the key. The
 * arguments decide as much as the command what runs. Throws `validation`.
 */
export function checkProgramChange(
  before: { command: string | null; args: string[]; env: Record<string, string> },
  change: { command?: string | null | undefined; args?: string[] | undefined; env?: object | undefined },
): void {
  if (change.env !== undefined || before.command === null || Object.keys(before.env).length === 0) return;
  const isOther = change.command !== undefined && change.command !== before.command;
  if (isOther) throw wrong("env", "must be given again when command becomes another program");
  const isToldElse = change.args !== undefined && JSON.stringify(change.args) !== JSON.stringify(before.args);
  if (isToldElse) throw wrong("env", "must be given again when args change what the program does");
}

const wrong = (field: string, rule: string) => new HeddleError("validation", `${field} ${rule}.`, { field });

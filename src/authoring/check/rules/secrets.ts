// Rules that secrets are settings, which are encrypted, masked, and kept out of logs.

import { isSecretName } from "../../../secrets/names.ts";
import type { Found } from "../finding.ts";
import { codeOf, locationOf, occurrences, type SourceFile, type Subject } from "../subject.ts";
import type { Rule } from "./rule.ts";

/** Formats that only secrets have. */
const KNOWN_FORMATS =
  /\bgh[pousr]_[A-Za-z0-9]{36,}|\bgithub_pat_\w{22,}|\bglpat-[\w-]{20,}|\bxox[abposr]-[\w-]{20,}|\bsk-[A-Za-z0-9_-]{20,}|\b[rs]k_live_\w{16,}|\bAKIA[A-Z0-9]{16}\b|\bAIza[\w-]{35}|\bhdl_[0-9a-f]{64}\b|-----BEGIN [A-Z ]*PRIVATE KEY-----|\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}/g;

/** `apiToken: "…"` and the like; `isSecretName` judges the name, `isLikeASecret` the value. */
const ASSIGNED = /\b(\w+)["']?\s*[:=]\s*(["'`])((?:(?!\2)[^\\\n\s]){8,})\2/g;

const DISPATCH_CONFIG = /dispatch_?config["']?\s*[:=]\s*\{([^{}]*)\}/gi;
const FIELD = /\b([\w-]+)["']?\s*:/g;

export const SECRET_RULES: Rule[] = [
  {
    id: "secret-in-source",
    level: "error",
    about: "No file contains a secret.",
    check: ({ files }) => files.flatMap((file) => [...knownFormats(file), ...assignedSecrets(file)]),
  },
  {
    id: "secret-default",
    level: "error",
    about: "No secret setting has a default.",
    check: (subject) =>
      (subject.loaded?.settings ?? [])
        .filter((setting) => setting.secret && setting.default !== null)
        .map(({ key }) => ({
          message: `The secret setting ${key} has a default, which anybody can read.`,
          fix: "Remove the default; reading the setting then reports that it is not set.",
          ...locationOf(subject, key, subject.found.files.config, subject.found.files.setup),
        })),
  },
  {
    id: "secret-setting",
    level: "error",
    about: "Settings with the name of a secret are secret.",
    check: (subject) =>
      (subject.loaded?.settings ?? [])
        .filter(({ key, secret, schema }) => !secret && isSecretName(key) && schema.type === "string")
        .map(({ key }) => ({
          message: `The setting ${key} has the name of a secret, but is declared with secret: false.`,
          fix: "Remove `secret: false`, or rename it; as it is, it is stored and shown in clear.",
          ...locationOf(subject, key, subject.found.files.setup, subject.found.files.config),
        })),
  },
  {
    id: "unsure-setting",
    level: "warning",
    about: 'Every setting is known to be secret or not, by its name or by "secret".',
    check: (subject) =>
      (subject.loaded?.settings ?? [])
        .filter(({ key, secret, schema }) => secret && !isSecretName(key) && !isSaid(subject, key, schema))
        .map(({ key }) => ({
          message: `Neither its name nor "secret" says whether the setting ${key} is secret, so it is treated as one: encrypted, and never shown.`,
          fix: "Add `secret: false` if anybody may see it, otherwise `secret: true`.",
          ...locationOf(subject, key, subject.found.files.config, subject.found.files.setup),
        })),
  },
  {
    id: "secret-in-dispatch-config",
    level: "error",
    about: "No dispatch_config carries a secret.",
    check: ({ files }) => files.filter(({ kind }) => kind !== "test").flatMap(secretsInDispatchConfig),
  },
  {
    id: "environment",
    level: "warning",
    about: "Environment variables are read as settings.",
    check: (subject) => {
      const { cmd = [] } = subject.loaded?.process ?? {};
      // The program of a process has its own environment.
      const files = codeOf(subject).filter(({ path }) => !cmd.includes(path) && !cmd.includes(`./${path}`));
      return files.flatMap((file) =>
        occurrences(file, /\b(?:process|Bun|Deno)\.env\b(?:\.get\(["'](\w+)|\.(\w+)|\[["'](\w+))?/g).map(
          ({ file, line, match }) => {
            const name = match[1] ?? match[2] ?? match[3] ?? "SOME_KEY";
            return {
              message: `${match[0].split(".")[0]}.env is read, which has no stored settings and hides no secrets.`,
              fix: `Declare ${name} with defineConfig in config.ts and read settings.${name}.`,
              file,
              line,
            };
          },
        ),
      );
    },
  },
];

function knownFormats(file: SourceFile): Found[] {
  return occurrences(file, KNOWN_FORMATS).map(({ file, line, match }) => ({
    message: `This looks like a real secret: ${match[0].slice(0, 4)}…`,
    fix: "Revoke it, and read its successor from a setting.",
    file,
    line,
  }));
}

function assignedSecrets(file: SourceFile): Found[] {
  if (file.kind !== "code") return [];
  return occurrences(file, ASSIGNED)
    .filter(({ match }) => isSecretName(match[1] ?? "") && isLikeASecret(match[3] ?? ""))
    .map(({ file, line, match }) => ({
      message: `The code seems to contain a secret: ${match[0].split(/["'\s:=]/)[0]}.`,
      fix: "Declare it as a setting in config.ts and read it from there.",
      file,
      line,
    }));
}

function isSaid({ loaded }: Subject, key: string, schema: { secret?: unknown }): boolean {
  const { env_vars = [], webhook } = loaded?.setup ?? {};
  const inManifest = env_vars.find((envVar) => envVar.key === key)?.secret;
  return schema.secret !== undefined || inManifest !== undefined || webhook?.verifier?.secret === key;
}

/** False for the name of a setting or a header, and for a template. */
function isLikeASecret(value: string): boolean {
  if (/\$\{|:\/\/|^[A-Z][A-Z0-9_]*$|^[a-z]+([-_.][a-z]+)*$/.test(value)) return false;
  return /\d/.test(value) && /[A-Za-z]/.test(value);
}

function secretsInDispatchConfig(file: SourceFile): Found[] {
  return occurrences(file, DISPATCH_CONFIG).flatMap(({ file, line, match }) => {
    const fields = [...(match[1] ?? "").matchAll(FIELD)].map(([, name]) => name ?? "");
    const field = fields.find(isSecretName);
    if (field === undefined) return [];
    return {
      message: `A dispatch_config contains "${field}", which is stored with each message.`,
      fix: "Let the dispatcher read it from a setting.",
      file,
      line,
    };
  });
}

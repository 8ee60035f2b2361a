// Secrets belong into settings: where they are encrypted, masked, and kept out of logs.

import { isSecretName } from "../../../secrets/names.ts";
import type { Found } from "../finding.ts";
import { codeOf, placeOf, places, type SourceFile, type Subject } from "../subject.ts";
import type { Rule } from "./rule.ts";

/** Formats that nothing else has. */
const KNOWN_FORMATS =
  /\bgh[pousr]_[A-Za-z0-9]{36,}|\bgithub_pat_\w{22,}|\bglpat-[\w-]{20,}|\bxox[abposr]-[\w-]{20,}|\bsk-[A-Za-z0-9_-]{20,}|\b[rs]k_live_\w{16,}|\bAKIA[A-Z0-9]{16}\b|\bAIza[\w-]{35}|\bhdl_[0-9a-f]{64}\b|-----BEGIN [A-Z ]*PRIVATE KEY-----|\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}/g;

/** `apiToken: "…"` and its like; the name is looked at by `isSecretName`, the value by `isLikeASecret`. */
const ASSIGNED = /\b(\w+)["']?\s*[:=]\s*(["'`])((?:(?!\2)[^\\\n\s]){8,})\2/g;

const DISPATCH_CONFIG = /dispatch_?config["']?\s*[:=]\s*\{([^{}]*)\}/gi;
const FIELD = /\b([\w-]+)["']?\s*:/g;

export const SECRET_RULES: Rule[] = [
  {
    id: "secret-in-source",
    level: "error",
    about: "No file has a secret in it.",
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
          message: `The secret setting ${key} has a default, which everybody can read.`,
          fix: "Leave the default out: reading the setting then says that it is not set.",
          ...placeOf(subject, key, subject.found.files.config, subject.found.files.setup),
        })),
  },
  {
    id: "secret-setting",
    level: "error",
    about: "Settings whose names speak of secrets are secret.",
    check: (subject) =>
      (subject.loaded?.settings ?? [])
        .filter(({ key, secret, schema }) => !secret && isSecretName(key) && schema.type === "string")
        .map(({ key }) => ({
          message: `The setting ${key} looks like a secret, but says secret: false.`,
          fix: "Leave `secret: false` out, or name it otherwise: it is stored and shown in clear.",
          ...placeOf(subject, key, subject.found.files.setup, subject.found.files.config),
        })),
  },
  {
    id: "unsure-setting",
    level: "warning",
    about: "Every setting says whether it is secret, in its name or by itself.",
    check: (subject) =>
      (subject.loaded?.settings ?? [])
        .filter(({ key, secret, schema }) => secret && !isSecretName(key) && !isSaid(subject, key, schema))
        .map(({ key }) => ({
          message: `Nothing says whether the setting ${key} is secret, so it is taken for one: sealed, and never shown.`,
          fix: "Say `secret: false` for one that anybody may see, else `secret: true`.",
          ...placeOf(subject, key, subject.found.files.config, subject.found.files.setup),
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
    about: "Values of the environment are read as settings.",
    check: (subject) => {
      const { cmd = [] } = subject.loaded?.process ?? {};
      // The program of a process has an environment of its own.
      const files = codeOf(subject).filter(({ path }) => !cmd.includes(path) && !cmd.includes(`./${path}`));
      return files.flatMap((file) =>
        places(file, /\b(?:process|Bun|Deno)\.env\b(?:\.get\(["'](\w+)|\.(\w+)|\[["'](\w+))?/g).map(
          ({ file, line, match }) => {
            const name = match[1] ?? match[2] ?? match[3] ?? "SOME_KEY";
            return {
              message: `${match[0].split(".")[0]}.env is read, which knows no stored settings and no secrets.`,
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
  return places(file, KNOWN_FORMATS).map(({ file, line, match }) => ({
    message: `This looks like a real secret: ${match[0].slice(0, 4)}…`,
    fix: "Revoke it, and read it from a setting.",
    file,
    line,
  }));
}

function assignedSecrets(file: SourceFile): Found[] {
  if (file.kind !== "code") return [];
  return places(file, ASSIGNED)
    .filter(({ match }) => isSecretName(match[1] ?? "") && isLikeASecret(match[3] ?? ""))
    .map(({ file, line, match }) => ({
      message: `A secret seems to stand in the code: ${match[0].split(/["'\s:=]/)[0]}.`,
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

/** Not the name of a setting or a header, nor a text that is put together. */
function isLikeASecret(value: string): boolean {
  if (/\$\{|:\/\/|^[A-Z][A-Z0-9_]*$|^[a-z]+([-_.][a-z]+)*$/.test(value)) return false;
  return /\d/.test(value) && /[A-Za-z]/.test(value);
}

function secretsInDispatchConfig(file: SourceFile): Found[] {
  return places(file, DISPATCH_CONFIG).flatMap(({ file, line, match }) => {
    const fields = [...(match[1] ?? "").matchAll(FIELD)].map(([, name]) => name ?? "");
    const field = fields.find(isSecretName);
    if (field === undefined) return [];
    return {
      message: `A dispatch_config carries "${field}": it is stored with each message.`,
      fix: "Let the dispatcher read it from a setting.",
      file,
      line,
    };
  });
}

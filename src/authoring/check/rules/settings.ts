// Rules that every setting the code reads can be set.

import { nearest } from "../../../schema/nearest.ts";
import {
  codeOf,
  locationOf,
  occurrences,
  type SourceFile,
  type Subject,
  withoutComments,
} from "../subject.ts";
import type { Rule } from "./rule.ts";

export const SETTING_RULES: Rule[] = [
  {
    id: "settings-declared",
    level: "error",
    about: "The settings that the code reads are declared.",
    check: (subject) => {
      const known = subject.loaded?.settings.map(({ key }) => key);
      if (!known) return [];
      return readsOf(subject)
        .filter(({ key }) => !known.includes(key))
        .map(({ key, file, line }) => {
          const meant = nearest(key, known);
          const declare = `Declare ${key} with defineConfig in config.ts`;
          return {
            message: `The setting ${key} is read but not declared anywhere; reading it throws.`,
            fix: meant === undefined ? `${declare}.` : `Did you mean ${meant}? Otherwise: ${declare}.`,
            file,
            line,
          };
        });
    },
  },
  {
    id: "process-settings",
    level: "warning",
    about: "The settings that a process requires and reads are declared.",
    check: (subject) => {
      const keys = subject.loaded?.settings.map(({ key }) => key) ?? [];
      const reads = readsOf(subject).map(({ key }) => key);
      const { requiredEnv = [], cmd = [] } = subject.loaded?.process ?? {};
      // A read in the code has a finding of its own, at the place of the read.
      const required = requiredEnv.filter((key) => !keys.includes(key) && !reads.includes(key));
      return [
        ...required.map((key) => ({
          message: `REQUIRED_ENV names ${key}, which is not declared as a setting, so nobody learns its type and purpose.`,
          fix: `Declare ${key} in config.ts or SETUP.env_vars.`,
          ...locationOf(subject, `"${key}"`, subject.found.files.process),
        })),
        ...variablesOf(codeOf(subject).filter(({ path }) => cmd.includes(path) || cmd.includes(`./${path}`)))
          .filter(
            ({ key }) => ![...keys, ...requiredEnv, ...GIVEN].includes(key) && !key.startsWith("HEDDLE_"),
          )
          .map(({ key, file, line }) => ({
            message: `The process reads ${key}, which it never has: of the server's variables it gets the integration's settings only.`,
            fix: `Declare ${key} with defineConfig in config.ts.`,
            file,
            line,
          })),
      ];
    },
  },
];

/** Variables that every process has, or that a runtime reads. */
const GIVEN = ["PATH", "HOME", "TMPDIR", "LANG", "TZ", "NODE_ENV", "BUN_ENV", "NO_COLOR"];

const variablesOf = (programs: SourceFile[]) =>
  programs
    .map((file) => ({ ...file, text: withoutComments(file.text) }))
    .flatMap((file) =>
      occurrences(file, /\b(?:process|Bun)\.env(?:\.(\w+)|\[["'](\w+)["']\])/g).map(
        ({ file, line, match }) => ({
          key: match[1] ?? match[2] ?? "",
          file,
          line,
        }),
      ),
    );

/** The variable that holds what `defineConfig` returned. */
const DEFINED = /\b(?:const|let|var)\s+(\w+)\s*=\s*defineConfig\s*\(/g;

/** Every `settings.KEY` in the integration's own code, whatever the variable is called. */
function readsOf(subject: Subject): { key: string; file: string; line: number }[] {
  const files = codeOf(subject);
  const names = new Set(
    files.flatMap(({ text }) => [...text.matchAll(DEFINED)].map(([, name]) => name ?? "")),
  );
  return [...names].flatMap((name) =>
    files.filter((file) => isOf(file, name)).flatMap((file) => reads(file, name)),
  );
}

/** Two files may use one name for two things, so the file must define it, or import it from a relative path. */
const isOf = ({ text }: SourceFile, name: string): boolean =>
  new RegExp(
    `\\b${name}\\s*=\\s*defineConfig\\s*\\(|\\bimport\\s*\\{[^}]*\\b${name}\\b[^}]*\\}\\s*from\\s*["']\\.`,
  ).test(text);

function reads(file: SourceFile, name: string) {
  const uncommented = { ...file, text: withoutComments(file.text) };
  const found = (expression: string) =>
    occurrences(uncommented, new RegExp(expression, "g")).map(({ file, line, match }) => ({
      key: match[1] ?? "",
      file,
      line,
    }));
  return [
    ...found(`(?<![\\w.])${name}\\.([A-Za-z_]\\w*)`),
    ...found(`(?<![\\w.])${name}\\[["']([A-Za-z_]\\w*)["']\\]`),
    ...found(`\\{([^{}]{0,2000})\\}\\s?=\\s?${name}\\b(?!\\s?[.[(])`).flatMap(({ key, ...place }) =>
      key.split(",").flatMap((part) => {
        const [, named] = /^\s*([A-Za-z_]\w*)\s*(?:[:=]|$)/.exec(part) ?? [];
        return named === undefined ? [] : [{ ...place, key: named }];
      }),
    ),
  ];
}

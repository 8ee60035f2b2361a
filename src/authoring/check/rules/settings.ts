// Settings that the code reads are settings that somebody can set.

import { nearest } from "../../../schema/nearest.ts";
import { codeOf, placeOf, places, type SourceFile, type Subject } from "../subject.ts";
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
            message: `The setting ${key} is read, and declared nowhere: reading it throws.`,
            fix: meant === undefined ? `${declare}.` : `Did you mean ${meant}? Else: ${declare}.`,
            file,
            line,
          };
        });
    },
  },
  {
    id: "process-settings",
    level: "warning",
    about: "What a process requires can be set.",
    check: (subject) => {
      const keys = subject.loaded?.settings.map(({ key }) => key) ?? [];
      const reads = readsOf(subject).map(({ key }) => key);
      return (
        (subject.loaded?.process?.requiredEnv ?? [])
          // What the code reads is said where it reads it.
          .filter((key) => !keys.includes(key) && !reads.includes(key))
          .map((key) => ({
            message: `REQUIRED_ENV names ${key}, which no setting declares: it cannot be stored over the API.`,
            fix: `Declare ${key} in config.ts or SETUP.env_vars.`,
            ...placeOf(subject, `"${key}"`, subject.found.files.process),
          }))
      );
    },
  },
];

/** What `defineConfig` returned, under the name that the file gives it. */
const DEFINED = /\b(?:const|let|var)\s+(\w+)\s*=\s*defineConfig\s*\(/g;

/** Every `settings.KEY` of the integration's own code, whatever it calls its settings. */
function readsOf(subject: Subject): { key: string; file: string; line: number }[] {
  const files = codeOf(subject);
  const names = new Set(
    files.flatMap(({ text }) => [...text.matchAll(DEFINED)].map(([, name]) => name ?? "")),
  );
  return [...names].flatMap((name) =>
    files.filter((file) => isOf(file, name)).flatMap((file) => reads(file, name)),
  );
}

/** Two files may use one name for two things: this one defines it, or imports it from a file beside it. */
const isOf = ({ text }: SourceFile, name: string): boolean =>
  new RegExp(
    `\\b${name}\\s*=\\s*defineConfig\\s*\\(|\\bimport\\s*\\{[^}]*\\b${name}\\b[^}]*\\}\\s*from\\s*["']\\.`,
  ).test(text);

function reads(file: SourceFile, name: string) {
  const uncommented = { ...file, text: withoutComments(file.text) };
  return places(uncommented, new RegExp(`(?<![\\w.])${name}\\.([A-Za-z_]\\w*)`, "g")).map(
    ({ file, line, match }) => ({ key: match[1] ?? "", file, line }),
  );
}

/** Of as many lines as before. */
const withoutComments = (text: string): string =>
  text
    .replace(/\/\*.*?(?:\*\/|$)/gs, (comment) => comment.replace(/[^\n]/g, " "))
    .replace(/(^|\s)\/\/[^\n]*/g, (comment) => comment.replace(/[^\n]/g, " "));

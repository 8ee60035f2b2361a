// Rules about what people need who set up an integration or maintain it.

import { locationOf, type Subject } from "../subject.ts";
import type { Rule } from "./rule.ts";

/** Characters. A shorter text says little more than the name. */
const SHORTEST_README = 200;

export const PEOPLE_RULES: Rule[] = [
  {
    id: "readme",
    level: "warning",
    about: "README.md says what it does and how to set it up.",
    check: ({ found, files }) => {
      if (found.source === "tools") return [];
      const readme = files.find(({ path }) => path.toLowerCase() === "readme.md");
      if (readme && readme.text.replace(/^#.*$/gm, "").trim().length >= SHORTEST_README) return [];
      return [
        {
          message: readme ? "README.md says almost nothing." : "There is no README.md.",
          fix: "Describe what it connects, which settings it takes, and what to set up at the other service.",
          file: readme?.path ?? "README.md",
        },
      ];
    },
  },
  {
    id: "tests",
    level: "warning",
    about: "It has tests.",
    check: ({ found, files }) => {
      // The tests of built-in integrations are among Heddle's own.
      if (found.source === "builtin" || found.source === "tools") return [];
      const { router, dispatcher, hooks, listeners, process, tools } = found.files;
      const doesSomething = router ?? dispatcher ?? hooks ?? listeners ?? process ?? tools[0];
      if (!doesSomething || files.some(({ kind, path }) => kind === "test" && /\.(test|spec)\./.test(path)))
        return [];
      return [
        {
          message: "There are no tests.",
          fix: 'Write tests/*.test.ts with "heddle/sdk/testing"; `heddle new` shows how.',
          file: "tests",
        },
      ];
    },
  },
  {
    id: "manifest",
    level: "info",
    about: "setup.ts describes it for people.",
    check: (subject) => {
      const { loaded, found } = subject;
      const needsOne = loaded?.router ?? loaded?.process ?? loaded?.settings[0];
      if (!needsOne || loaded?.setup || found.source === "tools") return [];
      return [
        {
          message: "There is no setup.ts, so the admin UI cannot show what has to be set.",
          fix: "Export SETUP = defineSetup({ version, icon, env_vars, webhook }).",
          file: "setup.ts",
        },
      ];
    },
  },
  {
    id: "name",
    level: "info",
    about: "It has a name and a version.",
    check: ({ loaded, found }) => {
      if (!loaded || found.source === "tools" || (loaded.name && loaded.version)) return [];
      return [
        {
          message: `It has no ${loaded.name ? "version" : "name"}.`,
          fix: 'Export meta = { name: "…", version: "1.0.0" } in index.ts.',
          file: found.files.index ?? "index.ts",
        },
      ];
    },
  },
  {
    id: "setting-descriptions",
    level: "info",
    about: "Settings are described.",
    check: (subject) =>
      (subject.loaded?.settings ?? [])
        .filter(({ description }) => !description)
        .map(({ key }) => ({
          message: `The setting ${key} has no description.`,
          fix: `Describe it in config.ts, as in t.String({ description: "…" }), or in SETUP.env_vars: { key: "${key}", description: "…" }.`,
          ...locationOf(subject, key, subject.found.files.setup, subject.found.files.config),
        })),
  },
  {
    id: "skill-descriptions",
    level: "info",
    about: "Skills are described.",
    check: (subject) =>
      (subject.loaded?.skills ?? [])
        .filter(({ description }) => !description)
        .map(({ name, id }) => ({
          message: `The skill ${name} has no description, and models choose what to read by it.`,
          fix: "Begin the file with front matter: --- / name: … / description: … / ---",
          file: skillFile(subject, id),
          line: 1,
        })),
  },
];

function skillFile({ found }: Subject, id: string): string {
  const file = found.content.skills.find((skill) => `integrations/${found.id}/${skill.id}` === id);
  return file?.path ?? "skills";
}

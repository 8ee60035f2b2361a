// Rules about what the parts of an integration promise to the server, to models and to each other.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { checkDashboardData } from "../../../integrations/routing/dashboard-data.ts";
import { misspellingText } from "../../../sdk/misspelt.ts";
import type { Found } from "../finding.ts";
import { codeOf, locationOf, type Subject } from "../subject.ts";
import type { Rule } from "./rule.ts";

export const PART_RULES: Rule[] = [
  {
    id: "loads",
    level: "error",
    about: "It loads while no setting is set.",
    check: ({ found, problem }) => {
      if (!problem) return [];
      const file = problem.file?.startsWith(`${found.folder}/`)
        ? problem.file.slice(found.folder.length + 1)
        : undefined;
      return [
        {
          message: `It does not load: ${problem.reason}`,
          fix: `A server would quarantine it until this is fixed.${isOfSetting(problem.reason) ? " Read settings in functions, not while files load." : ""}`,
          ...(file !== undefined && { file }),
          ...(problem.line !== undefined && { line: problem.line }),
        },
      ];
    },
  },
  {
    id: "quiet-load",
    level: "warning",
    about: "Loading it only registers things.",
    check: (subject) =>
      subject.callsAtLoad.map((name) => ({
        message: `${name}() is called while the files load, which happens again on each reload and on each server.`,
        fix: "Call it in a handler, a hook, or the program of a process.",
        ...locationOf(subject, `${name}(`),
      })),
  },
  {
    id: "misspelt",
    level: "warning",
    about: "Everything that it sets is read.",
    check: (subject) =>
      (subject.loaded?.misspelt ?? []).map((one) => ({
        message: misspellingText(one),
        fix: `Write ${one.meant}.`,
        ...locationOf(subject, one.name),
      })),
  },
  {
    id: "idle-files",
    level: "warning",
    about: "Every file of a part registers something.",
    check: (subject) =>
      (subject.loaded?.idle ?? []).map((text) => ({
        message: `${text.split(":")[0]}.`,
        fix: `To register something, ${text.slice(text.indexOf(":") + 2)}; otherwise remove the file.`,
        file: text.split(" ")[0] ?? "",
      })),
  },
  {
    id: "unread-files",
    level: "warning",
    about: "Every file that registers something is loaded.",
    check: (subject) =>
      unreadFiles(subject).map((file) => ({
        message: `${file} registers something, but it is not a part of an integration, and no part imports it.`,
        fix: "Name it like a part (router, dispatcher, hooks, listeners, tools/*), or import it from one.",
        file,
      })),
  },
  {
    id: "tool-descriptions",
    level: "warning",
    about: "Tools tell models what they do.",
    check: (subject) =>
      (subject.loaded?.tools ?? [])
        .filter(({ description }) => description.trim().length < 10)
        .map(({ name }) => ({
          message: `The tool ${name} has almost no description, and a model knows nothing else about it.`,
          fix: "Describe in a sentence what it does and returns.",
          ...locationOf(subject, `"${name}"`, ...subject.found.files.tools),
        })),
  },
  {
    id: "tool-parameters",
    level: "info",
    about: "Parameters of tools with short names are described.",
    check: (subject) =>
      (subject.loaded?.tools ?? []).flatMap(({ name, parameters }) => {
        const unsaid = Object.entries(
          (parameters.properties ?? {}) as Record<string, { description?: string }>,
        )
          .filter(([parameter, { description }]) => !description && parameter.length < 4)
          .map(([parameter]) => parameter);
        if (unsaid.length === 0) return [];
        return {
          message: `The tool ${name} does not describe ${unsaid.join(", ")}.`,
          fix: 'Add a description to each: t.String({ description: "…" }).',
          ...locationOf(subject, `"${name}"`, ...subject.found.files.tools),
        };
      }),
  },
  {
    id: "own-names",
    level: "info",
    about: "Tool names begin with the integration's id.",
    check: (subject) => {
      const { id, source } = subject.found;
      const prefix = id.replaceAll("-", "_");
      // Those that are built in are released together, and a test loads all of them.
      if (source === "tools" || source === "builtin") return [];
      return (subject.loaded?.tools ?? [])
        .filter(({ name }) => !name.startsWith(prefix) && !name.startsWith(id))
        .map(({ name }) => ({
          message: `The tool ${name} may clash with another tool of that name; one of the two integrations then does not load.`,
          fix: `Rename it to ${prefix}_${name}.`,
          ...locationOf(subject, `"${name}"`, ...subject.found.files.tools),
        }));
    },
  },
  {
    id: "process-program",
    level: "error",
    about: "The files that CMD names exist.",
    check: ({ found, loaded }) => {
      const missing = (loaded?.process?.cmd ?? []).filter(
        (word) => /^[\w./-]+\.[cm]?[jt]sx?$/.test(word) && !existsSync(join(found.folder, word)),
      );
      return missing.map((word) => ({
        message: `CMD names ${word}, which does not exist.`,
        fix: "Paths are relative to the integration's folder.",
        file: found.files.process ?? "process.ts",
      }));
    },
  },
  {
    id: "process-permissions",
    level: "warning",
    about: "A process that calls the server declares what its API key may do.",
    check: (subject) => {
      const { process, setup } = subject.loaded ?? {};
      const program = subject.files.find(({ path }) => process?.cmd.includes(path));
      if (!program || setup?.api_permissions !== undefined) return [];
      const reached = [program.text, ...imported(subject, program.text)].join("\n");
      if (
        !/\b(injectMessage|injectEvent|getOrCreateSession|ingestDocument|searchDocuments)\s*\(/.test(reached)
      ) {
        return [];
      }
      return [
        {
          message: `${program.path} calls the server, but SETUP has no api_permissions.`,
          fix: 'Add api_permissions: ["sessions:write"], or whatever else it needs.',
          file: subject.found.files.setup ?? "setup.ts",
        },
      ];
    },
  },
  {
    id: "dashboard-data",
    level: "warning",
    about: "Each dashboard module has data that can be displayed.",
    check: async (subject) => {
      const modules = subject.loaded?.setup?.dashboard_modules ?? [];
      return (await Promise.all(modules.map(({ id }) => moduleProblem(subject, id)))).flat();
    },
  },
];

async function moduleProblem(subject: Subject, id: string): Promise<Found[]> {
  const path = `/mc/${id}/data`;
  const { router } = subject.loaded ?? {};
  const location = locationOf(subject, `"${id}"`, subject.found.files.setup);
  if (!router?.routes.some((route) => route.path === path)) {
    const message = `The dashboard module ${id} has no route for its data.`;
    return [{ message, fix: `Add a route for GET ${path} to the router.`, ...location }];
  }
  // Without settings and a network it may have nothing to answer.
  const data = await router
    .handle(new Request(`http://localhost${path}`))
    .then((response) => (response.status === 200 ? response.json() : undefined))
    .catch(() => undefined);
  if (data === undefined) return [];
  return checkDashboardData(data).map((problem) => ({
    message: `The data of the dashboard module ${id} cannot be displayed: ${problem.path} ${problem.message}`,
    fix: 'Answer { title, sections: [{ type: "stat_row", stats: [{ label, value }] }] }, or other sections.',
    ...locationOf(subject, `"${path}"`, subject.found.files.router),
  }));
}

/** Matches the SDK's message about a setting that is read while it has no value. */
const isOfSetting = (reason: string): boolean => /\bThe setting \w+ is not set\b/.test(reason);

/** The texts of the files in the folder that a program imports by name. */
const imported = ({ files }: Subject, text: string): string[] =>
  [...text.matchAll(/from\s+["']\.\/([\w./-]+)["']/g)].flatMap(
    ([, path]) => files.find((file) => file.path === path)?.text ?? [],
  );

const REGISTERS =
  /(?<![.\w])(?:register(?:Hook|Dispatcher|Integration)?|onEnabled|onSettingsChanged)\s*\(|(?<![.\w])(?:listen|poll)\s*\(\s*\{/;

/** Code that registers something and that nothing names: "hook.ts" beside "router.ts", say. */
function unreadFiles(subject: Subject): string[] {
  const { tools, ...named } = subject.found.files;
  const parts = [...Object.values(named), ...tools];
  const code = codeOf(subject);
  return code
    .filter(
      ({ path, text }) => !parts.includes(path) && text.includes('"heddle/sdk"') && REGISTERS.test(text),
    )
    .map(({ path }) => path)
    .filter((path) => {
      const stem = path.slice(path.lastIndexOf("/") + 1).replace(/\.\w+$/, "");
      const names = [`/${stem}.`, `/${stem}"`, `/${stem}'`, `"${stem}.`, `'${stem}.`];
      return !code.some((other) => other.path !== path && names.some((name) => other.text.includes(name)));
    });
}

// What the parts of an integration promise to the server, to models and to each other.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../../../errors.ts";
import { checkDashboardData } from "../../../integrations/routing/dashboard-data.ts";
import { compileSchema } from "../../../schema/json-schema.ts";
import type { Found } from "../finding.ts";
import { codeOf, placeOf, places, type Subject } from "../subject.ts";
import type { Rule } from "./rule.ts";

export const PART_RULES: Rule[] = [
  {
    id: "loads",
    level: "error",
    about: "It loads, with no setting set.",
    check: ({ found, problem }) => {
      if (!problem) return [];
      const file = problem.file?.startsWith(`${found.folder}/`)
        ? problem.file.slice(found.folder.length + 1)
        : undefined;
      return [
        {
          message: `It does not load: ${problem.reason}`,
          fix: `Mend that; a server would quarantine it.${isOfSetting(problem.reason) ? " Read settings in functions, not while files load." : ""}`,
          ...(file !== undefined && { file }),
          ...(problem.line !== undefined && { line: problem.line }),
        },
      ];
    },
  },
  {
    id: "quiet-load",
    level: "warning",
    about: "Loading it does nothing but register.",
    check: (subject) =>
      subject.callsAtLoad.map((name) => ({
        message: `${name}() is called while the files load: again with each reload, and on each server.`,
        fix: "Call it in a handler, a hook, or the program of a process.",
        ...placeOf(subject, `${name}(`),
      })),
  },
  {
    id: "schemas",
    level: "error",
    about: "The schemas of tools and dispatchers are JSON Schema.",
    check: (subject) => {
      const { tools = [], dispatchers = new Map() } = subject.loaded ?? {};
      return [
        ...tools.flatMap(({ name, parameters }) => wrongSchema(subject, `tool ${name}`, name, parameters)),
        ...[...dispatchers].flatMap(([type, { config }]) =>
          config ? wrongSchema(subject, `dispatcher ${type}`, type, config) : [],
        ),
      ];
    },
  },
  {
    id: "dispatcher-config",
    level: "warning",
    about: "Dispatchers say what a dispatch_config has to have.",
    check: (subject) =>
      [...(subject.loaded?.dispatchers ?? [])]
        .filter(([, { config }]) => !config)
        .map(([type]) => ({
          message: `The dispatcher ${type} has no config schema: a wrong dispatch_config is found when an answer is lost.`,
          fix: "Add config: t.Object({ … }); then it is checked when a message is injected.",
          ...placeOf(subject, `"${type}"`, subject.found.files.dispatcher),
        })),
  },
  {
    id: "dispatcher-post",
    level: "info",
    about: "Dispatchers post texts that no run made.",
    check: (subject) =>
      [...(subject.loaded?.dispatchers ?? [])]
        .filter(([, { postMessage }]) => !postMessage)
        .map(([type]) => ({
          message: `The dispatcher ${type} has no postMessage: notices and mirrored messages do not arrive.`,
          fix: "Add postMessage({ dispatchConfig, text }, ctx).",
          ...placeOf(subject, `"${type}"`, subject.found.files.dispatcher),
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
          message: `The tool ${name} has hardly a description: that is all a model knows of it.`,
          fix: "Say in a sentence what it does and returns.",
          ...placeOf(subject, `"${name}"`, ...subject.found.files.tools),
        })),
  },
  {
    id: "tool-parameters",
    level: "info",
    about: "The parameters of tools are described, unless their names say it all.",
    check: (subject) =>
      (subject.loaded?.tools ?? []).flatMap(({ name, parameters }) => {
        const unsaid = Object.entries(
          (parameters.properties ?? {}) as Record<string, { description?: string }>,
        )
          .filter(([parameter, { description }]) => !description && parameter.length < 4)
          .map(([parameter]) => parameter);
        if (unsaid.length === 0) return [];
        return {
          message: `The tool ${name} does not say what ${unsaid.join(", ")} is.`,
          fix: 'Give each a description: t.String({ description: "…" }).',
          ...placeOf(subject, `"${name}"`, ...subject.found.files.tools),
        };
      }),
  },
  {
    id: "own-names",
    level: "info",
    about: "Names of tools begin with the id.",
    check: (subject) => {
      const { id, source } = subject.found;
      const prefix = id.replaceAll("-", "_");
      if (source === "tools") return [];
      return (subject.loaded?.tools ?? [])
        .filter(({ name }) => !name.startsWith(prefix) && !name.startsWith(id))
        .map(({ name }) => ({
          message: `The tool ${name} may meet another of its name, and then one of the two integrations cannot load.`,
          fix: `Call it ${prefix}_${name}.`,
          ...placeOf(subject, `"${name}"`, ...subject.found.files.tools),
        }));
    },
  },
  {
    id: "known-content",
    level: "warning",
    about: "Skills and carapaces of its own that it names are there.",
    check: (subject) => {
      const { id } = subject.found;
      const { skills = [], carapaces = [], templates = [] } = subject.loaded ?? {};
      const known = [...new Set([...skills, ...carapaces, ...templates].map((item) => item.id))];
      if (!subject.loaded) return [];
      const quoted = new RegExp(`["'\`](integrations/${id}/[\\w./-]+)["'\`]`, "g");
      // In YAML texts need no quotes.
      const plain = new RegExp(`(?<=[\\s:[,"'-])(integrations/${id}/[\\w./-]+)`, "g");
      return [
        ...codeOf(subject).flatMap((file) => places(file, quoted)),
        ...subject.files.filter(({ path }) => CARAPACE.test(path)).flatMap((file) => places(file, plain)),
      ]
        .filter(({ match }) => !known.includes(match[1] ?? ""))
        .map(({ file, line, match }) => ({
          message: `There is no ${match[1]}.`,
          fix: `Known are: ${known.join(", ") || "none"}.`,
          file,
          line,
        }));
    },
  },
  {
    id: "process-program",
    level: "error",
    about: "The files that CMD names are there.",
    check: ({ found, loaded }) => {
      const missing = (loaded?.process?.cmd ?? []).filter(
        (word) => /^[\w./-]+\.[cm]?[jt]sx?$/.test(word) && !existsSync(join(found.folder, word)),
      );
      return missing.map((word) => ({
        message: `CMD names ${word}, which is not there.`,
        fix: "Paths are relative to the integration's folder.",
        file: found.files.process ?? "process.ts",
      }));
    },
  },
  {
    id: "process-permissions",
    level: "warning",
    about: "A process that speaks to the server says what its API key has to allow.",
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
          fix: 'Add api_permissions: ["sessions:write"], or what else it needs.',
          file: subject.found.files.setup ?? "setup.ts",
        },
      ];
    },
  },
  {
    id: "dashboard-data",
    level: "warning",
    about: "Each dashboard module has data that can be shown.",
    check: async (subject) => {
      const modules = subject.loaded?.setup?.dashboard_modules ?? [];
      return (await Promise.all(modules.map(({ id }) => moduleProblem(subject, id)))).flat();
    },
  },
];

const CARAPACE = /^carapaces\/.*\.ya?ml$/;

async function moduleProblem(subject: Subject, id: string): Promise<Found[]> {
  const path = `/mc/${id}/data`;
  const { router } = subject.loaded ?? {};
  const place = placeOf(subject, `"${id}"`, subject.found.files.setup);
  if (!router?.routes.some((route) => route.path === path)) {
    const message = `The dashboard module ${id} has no data.`;
    return [{ message, fix: `Let the router answer GET ${path}.`, ...place }];
  }
  // Without settings and a network it may well have none to give.
  const data = await router
    .handle(new Request(`http://localhost${path}`))
    .then((response) => (response.status === 200 ? response.json() : undefined))
    .catch(() => undefined);
  if (data === undefined) return [];
  return checkDashboardData(data).map((problem) => ({
    message: `The data of the dashboard module ${id} cannot be shown: ${problem.path} ${problem.message}`,
    fix: 'Answer { title, sections: [{ type: "stat_row", stats: [{ label, value }] }] }, or other sections.',
    ...placeOf(subject, `"${path}"`, subject.found.files.router),
  }));
}

/** As the SDK says it of a setting that is read while nothing is set. */
const isOfSetting = (reason: string): boolean => /\bThe setting \w+ is not set\b/.test(reason);

function wrongSchema(subject: Subject, what: string, word: string, schema: object): Found[] {
  try {
    compileSchema(schema);
    return [];
  } catch (error) {
    const place = placeOf(subject, `"${word}"`, ...subject.found.files.tools, subject.found.files.dispatcher);
    return [{ message: `The schema of ${what} is none: ${messageOf(error)}`, fix: "Mend it.", ...place }];
  }
}

/** Texts of the files beside it that a program imports by name. */
const imported = ({ files }: Subject, text: string): string[] =>
  [...text.matchAll(/from\s+["']\.\/([\w./-]+)["']/g)].flatMap(
    ([, path]) => files.find((file) => file.path === path)?.text ?? [],
  );

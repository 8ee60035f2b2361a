// Rules about the skills, carapaces and tools that an integration names: what it names as its own, it must have.

import type { LoadedIntegration } from "../../../integrations/loading/load.ts";
import { readTree } from "../../../runtime/assets.ts";
import type { Found } from "../finding.ts";
import { codeOf, occurrences, type Subject } from "../subject.ts";
import type { Rule } from "./rule.ts";

export const CONTENT_RULES: Rule[] = [
  {
    id: "known-content",
    level: "warning",
    about: "The skills, carapaces and tools of its own that it names exist.",
    check: async (subject) => {
      const { loaded } = subject;
      return loaded ? [...withWholeIds(subject, loaded), ...(await withShortNames(subject, loaded))] : [];
    },
  },
];

/** Names such as "integrations/acme/review", wherever they stand. */
function withWholeIds(subject: Subject, { skills, carapaces, templates }: LoadedIntegration): Found[] {
  const { id } = subject.found;
  const known = [...new Set([...skills, ...carapaces, ...templates].map((item) => item.id))];
  const quoted = new RegExp(`["'\`](integrations/${id}/[\\w./-]+)["'\`]`, "g");
  // YAML needs no quotes around text.
  const plain = new RegExp(`(?<=[\\s:[,"'-])(integrations/${id}/[\\w./-]+)`, "g");
  return [
    ...codeOf(subject).flatMap((file) => occurrences(file, quoted)),
    ...subject.files.filter(({ path }) => CARAPACE.test(path)).flatMap((file) => occurrences(file, plain)),
  ]
    .filter(({ match }) => !known.includes(match[1] ?? ""))
    .map(({ file, line, match }) => ({
      message: `${match[1]} does not exist.`,
      fix: known.length > 0 ? `It has ${known.join(", ")}.` : "It has no skills, carapaces or templates.",
      file,
      line,
    }));
}

const CARAPACE = /^carapaces\/.*\.ya?ml$/;

interface Named {
  kind: "skill" | "carapace" | "tool";
  name: string;
  /** The file that names it. */
  file: string | undefined;
}

/** Names such as "review", which mean something of the integration's own, or else of Heddle's. */
async function withShortNames(subject: Subject, loaded: LoadedIntegration): Promise<Found[]> {
  const { id, files } = subject.found;
  const { skills, carapaces, tools, setup } = loaded;
  const ofHeddle = [...(await readTree("manifests")).keys()];
  const own = {
    skill: skills.map((item) => item.id),
    carapace: carapaces.map((item) => item.id),
    tool: tools.map(({ name }) => name),
  };
  const isKnown = ({ kind, name }: Named): boolean => {
    if (kind === "tool") return name.includes("*") || !isOwnTool(id, name) || own.tool.includes(name);
    // Whole ids of other integrations are not known here, and those of its own are looked at above.
    if (name.startsWith("integrations/")) return true;
    return (
      own[kind].includes(name) ||
      own[kind].includes(`integrations/${id}/${name}`) ||
      ofHeddle.some((path) => path.startsWith(`${kind}s/${name}.`) || path.startsWith(`${kind}s/${name}/`))
    );
  };
  const named = [
    ...carapaces.flatMap(({ path, ...carapace }): Named[] => [
      ...carapace.skills.map((entry): Named => {
        return { kind: "skill", name: typeof entry === "string" ? entry : entry.id, file: path };
      }),
      ...carapace.includes.map((name): Named => ({ kind: "carapace", name, file: path })),
      ...[...carapace.local_tools, ...carapace.pinned_tools, ...carapace.requires.tools].map(
        (name): Named => ({ kind: "tool", name, file: path }),
      ),
    ]),
    ...(setup?.activation?.carapaces ?? []).map(
      (name): Named => ({ kind: "carapace", name, file: files.setup }),
    ),
  ];
  return named
    .filter((one) => !isKnown(one))
    .map(({ kind, name, file }) => ({
      message: `There is no ${kind} "${name}" in this integration${kind === "tool" ? "" : ", nor one of Heddle's"}.`,
      fix: own[kind].length > 0 ? `It has ${own[kind].join(", ")}.` : `It has no ${kind}s.`,
      ...placeOf(subject, name, file),
    }));
}

/** Where the file names it, as a whole word. */
function placeOf({ files }: Subject, name: string, path: string | undefined): Pick<Found, "file" | "line"> {
  const file = files.find((one) => one.path === path);
  const [place] = file
    ? occurrences(file, new RegExp(`(?<![\\w-])${RegExp.escape(name)}(?![\\w-])`, "g"))
    : [];
  return { ...(path !== undefined && { file: path }), ...(place && { line: place.line }) };
}

const isOwnTool = (id: string, name: string): boolean => name.startsWith(`${id.replaceAll("-", "_")}_`);

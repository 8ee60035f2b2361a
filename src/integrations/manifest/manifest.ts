// Checks the manifest that setup.ts exports as SETUP: its form by the schema, then rules that a schema cannot express.

import { isScope, SCOPE_PRESETS, scopeProblem } from "../../access/scopes.ts";
import { type FieldProblem, fieldProblems, pathText } from "../../schema/field-problems.ts";
import { compileOwnSchema, compileSchema, plainSchema } from "../../schema/json-schema.ts";
import { nearest } from "../../schema/nearest.ts";
import { SetupManifest } from "../../sdk/manifest.ts";

type Path = (string | number)[];
type Rule = (setup: SetupManifest) => Iterable<[path: Path, message: string]>;

const checkForm = compileOwnSchema(SetupManifest);

/** The problems of a manifest, with paths below SETUP, in the order of the schema; none for a valid manifest. Never throws. */
export function checkManifest(setup: unknown): FieldProblem[] {
  const formProblems = fieldProblems(checkForm(setup));
  if (formProblems.length > 0) return formProblems;
  return RULES.flatMap((rule) => [...rule(setup as SetupManifest)]).map(([path, message]) => ({
    path: pathText(path.map(String)),
    message,
  }));
}

/** Checks that the webhook's secret is a declared setting; `keys` are those of config.ts and env_vars. */
export function checkVerifierSecret(
  { webhook }: SetupManifest,
  keys: readonly string[],
): FieldProblem | undefined {
  const secret = webhook?.verifier?.secret;
  if (secret === undefined || keys.includes(secret)) return undefined;
  const meant = nearest(secret, keys);
  const hint = meant === undefined ? "declare it in env_vars or config.ts" : `did you mean "${meant}"?`;
  return { path: "webhook.verifier.secret", message: `must name a setting; ${hint}` };
}

/** The JSON Schema of the whole manifest, for editors and forms. */
export const manifestJsonSchema = (): object => ({
  $schema: "http://json-schema.org/draft-07/schema#",
  title: "SETUP",
  ...plainSchema(SetupManifest),
});

const RULES: Rule[] = [
  ({ env_vars = [] }) => repeated(env_vars, "key", ["env_vars"]),
  ({ dashboard_modules = [] }) => repeated(dashboard_modules, "id", ["dashboard_modules"]),
  ({ binding }) => repeated(binding?.config_fields ?? [], "key", ["binding", "config_fields"]),
  ({ binding }) => (binding?.config_fields ?? []).flatMap((field, index) => configField(field, index)),
  ({ binding }) => filterSchema(binding?.filter_schema),
  ({ api_permissions }) => permissions(api_permissions),
  ({ route_scope }) => {
    const problem = route_scope === undefined ? undefined : scopeProblem(`${route_scope}:read`);
    return problem === undefined ? [] : [[["route_scope"], `must be the resource of a scope: it ${problem}`]];
  },
  ({ to_paste = [] }) =>
    to_paste.flatMap(({ path, url }, index) => [
      ...(leavesRoutes(path)
        ? [[["to_paste", index, "path"], "must be a path below the integration's own"] as [Path, string]]
        : []),
      ...(url !== undefined && !isWebAddress(url)
        ? [[["to_paste", index, "url"], 'must begin with "https://" or "http://"'] as [Path, string]]
        : []),
    ]),
  ({ public_paths = [] }) =>
    public_paths.flatMap((one, index): [Path, string][] =>
      one.includes("*")
        ? [
            [
              ["public_paths", index],
              'must name every part of its path; "*" opens nothing: write ":name" for a part that varies',
            ],
          ]
        : [],
    ),
  ({ web_ui }) =>
    web_ui && isOutside(web_ui.static_dir)
      ? [[["web_ui", "static_dir"], "must be a folder inside the integration's own folder"]]
      : [],
];

function* repeated<Key extends string>(
  items: readonly { readonly [K in Key]: string }[],
  key: Key,
  path: Path,
): ReturnType<Rule> {
  for (const [index, item] of items.entries()) {
    const first = items.findIndex((other) => other[key] === item[key]);
    if (first < index) yield [[...path, index, key], `repeats "${item[key]}"`];
  }
}

type ConfigField = NonNullable<NonNullable<SetupManifest["binding"]>["config_fields"]>[number];

function configField(field: ConfigField, index: number): [Path, string][] {
  const path = ["binding", "config_fields", index];
  if (field.type === "multiselect" && !field.options?.length) {
    return [[[...path, "options"], "must have at least one entry when the type is multiselect"]];
  }
  const { default: value } = field;
  if (value === undefined) return [];
  const fits = field.type === "multiselect" ? Array.isArray(value) : typeof value === field.type;
  return fits ? [] : [[[...path, "default"], `must be of the type ${field.type}`]];
}

function filterSchema(schema: Readonly<Record<string, unknown>> | undefined): [Path, string][] {
  if (!schema) return [];
  try {
    compileSchema(schema);
    return [];
  } catch (error) {
    return [[["binding", "filter_schema"], `must be a JSON Schema: ${(error as Error).message}`]];
  }
}

/** The scopes that a manifest requests; a preset stands for its list. */
export function scopesOf({ api_permissions: wanted }: SetupManifest): readonly string[] {
  if (wanted === undefined) return [];
  if (typeof wanted !== "string") return wanted;
  return isPreset(wanted) ? SCOPE_PRESETS[wanted] : [wanted];
}

const isPreset = (name: string): name is keyof typeof SCOPE_PRESETS => Object.hasOwn(SCOPE_PRESETS, name);

function permissions(wanted: SetupManifest["api_permissions"]): [Path, string][] {
  const path = ["api_permissions"];
  if (typeof wanted === "string") {
    const presets = Object.keys(SCOPE_PRESETS).join(", ");
    return isPreset(wanted) || isScope(wanted)
      ? []
      : [[path, `is neither a scope such as "documents:write" nor a preset (${presets})${hintOf(wanted)}`]];
  }
  return (wanted ?? []).flatMap((scope, index): [Path, string][] => {
    const problem = scopeProblem(scope);
    return problem === undefined ? [] : [[[...path, index], problem]];
  });
}

function hintOf(scope: string): string {
  const meant = nearest(scope, Object.keys(SCOPE_PRESETS));
  if (meant !== undefined) return `; did you mean "${meant}"?`;
  return scope.includes(":") ? `: it ${scopeProblem(scope)}` : "";
}

const OWN_ROUTES = "http://heddle.internal/integrations/own/";

/** Whether a browser would ask something else than the integration's routes. */
function leavesRoutes(path: string): boolean {
  const url = `${OWN_ROUTES.slice(0, -1)}${path}`;
  return !URL.canParse(url) || !new URL(url).href.startsWith(OWN_ROUTES);
}

/** The UI makes it a link, which must run nothing. */
const isWebAddress = (url: string): boolean =>
  URL.canParse(url) && ["https:", "http:"].includes(new URL(url).protocol);

/** Whether a path leaves the integration's folder, or is the folder itself, which contains the code. */
function isOutside(folder: string): boolean {
  const parts = folder.split(/[/\\]/).filter((part) => part !== "" && part !== ".");
  return /^([/\\]|[A-Za-z]:)/.test(folder) || parts.includes("..") || parts.length === 0;
}

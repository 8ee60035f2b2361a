// Rules about defaults: of settings, of a dispatch_config's fields, of a tool's arguments.

import { errorMessage } from "../../../errors.ts";
import type { IntegrationSetting } from "../../../integrations/manifest/declared-settings.ts";
import { compileSchema, type Violation } from "../../../schema/json-schema.ts";
import { parseSetting } from "../../../sdk/settings.ts";
import type { JsonObject } from "../../../sdk/types.ts";
import { locationOf } from "../subject.ts";
import type { Rule } from "./rule.ts";

export const DEFAULT_RULES: Rule[] = [
  {
    id: "setting-defaults",
    level: "warning",
    about: "Defaults are values that their settings may have.",
    check: (subject) =>
      (subject.loaded?.settings ?? []).flatMap((setting) => {
        const wrong = wrongDefault(setting);
        const { config, setup } = subject.found.files;
        return wrong === undefined ? [] : [{ ...wrong, ...locationOf(subject, setting.key, config, setup) }];
      }),
  },
  {
    id: "schema-defaults",
    level: "warning",
    about: "Defaults in schemas of tools and dispatchers are values that their fields may have.",
    check: (subject) => {
      const { dispatcher } = subject.found.files;
      const dispatchers = [...(subject.loaded?.dispatchers ?? [])].map(([type, { config }]) => ({
        ...{ of: `the config of the dispatcher ${type}`, schema: config },
        place: locationOf(subject, `"${type}"`, dispatcher),
      }));
      const tools = (subject.loaded?.tools ?? []).map(({ name, parameters }) => ({
        ...{ of: `the parameters of the tool ${name}`, schema: parameters },
        place: locationOf(subject, `"${name}"`),
      }));
      return [...dispatchers, ...tools].flatMap(({ of, schema, place }) =>
        wrongDefaults(schema).map(({ field, message }) => ({
          message: `The default of ${field} in ${of} does not fit: it ${message}.`,
          fix: "Change the default.",
          ...place,
        })),
      );
    },
  },
];

/** The code gets a default as it is written, although a stored value would be converted and checked. */
function wrongDefault({ key, schema, default: text }: IntegrationSetting) {
  // An empty one says that there is none.
  if (text === null || text === "") return undefined;
  try {
    const value = parseSetting({ key, schema, secret: false }, text);
    if (schema.default === undefined || schema.default === value) return undefined;
    return {
      message: `The default of the setting ${key} is ${JSON.stringify(schema.default)}, while a stored value is read as a ${typeof value}.`,
      fix: `Write default: ${JSON.stringify(value)}.`,
    };
  } catch (error) {
    return {
      message: `${errorMessage(error).replace(/\.$/, "")} as its default.`,
      fix: "Change the default.",
    };
  }
}

/** Otherwise whoever leaves such a field out would read that it is wrong. */
function wrongDefaults(config: object | undefined): Violation[] {
  if (!config) return [];
  const filled: JsonObject = {};
  const violations = compileSchema(config, { useDefaults: true })(filled);
  return violations.filter(({ field }) => Object.hasOwn(filled, field.split(".")[0] ?? ""));
}

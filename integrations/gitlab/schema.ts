// Parts of the schemas of tools' parameters and of the dispatch_config.

import { t } from "heddle/sdk";

export const PROJECT = t.String({
  pattern: "^[\\w.-]{1,255}(/[\\w.-]{1,255}){1,20}$",
  description: "Path of the project: group/project, or group/subgroup/project",
});

// Not `t.Integer`: Elysia's version also accepts digits in a string, and the model would be offered this as well.
export const IID = t.Number({ multipleOf: 1, minimum: 1, description: "The number that people see" });

export const KIND = t.Union([t.Literal("issue"), t.Literal("merge_request")]);

/** A branch, tag or commit. */
export const REF = t.String({
  pattern: "^[^.\\s]\\S*$",
  maxLength: 255,
  description: "Branch, tag or commit",
});

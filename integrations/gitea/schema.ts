// Parts of the schemas of tools' parameters and of the dispatch_config.

import { t } from "heddle/sdk";

// Both become segments of a URL, where "." and ".." would lead to another address.
const name = (description: string) =>
  t.String({ pattern: "^[\\w.-]*[\\w-][\\w.-]*$", maxLength: 100, description });
export const OWNER = name("Owner of the repository");
export const REPO = name("Name of the repository, without its owner");

// Not `t.Integer`: Elysia's version also accepts digits in a string, and the model would be offered this as well.
export const NUMBER = t.Number({ multipleOf: 1, minimum: 1, description: "Of the issue or pull request" });

/** A branch, tag or commit. */
export const REF = t.String({
  pattern: "^[^.\\s]\\S*$",
  maxLength: 255,
  description: "Branch, tag or commit",
});

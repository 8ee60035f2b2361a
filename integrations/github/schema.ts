// Pieces of the parameters of tools and of the dispatch_config.

import { t } from "heddle/sdk";

// Both become segments of a URL, where "." and ".." would lead to another address.
export const OWNER = t.String({
  pattern: "^[A-Za-z0-9][A-Za-z0-9_-]*$",
  description: "Owner of the repository",
});
export const REPO = t.String({
  pattern: "^[\\w.-]*[\\w-][\\w.-]*$",
  description: "Name of the repository, without its owner",
});

/** A branch, tag or commit. A leading dot is no valid name in git and would change the URL, too. */
export const ref = (description: string) => t.String({ pattern: "^[^.\\s]\\S*$", description });

// Not `t.Integer`: in Elysia's `t` that also takes digits in a string, which a model would be offered as well.
const wholeNumber = (options: { minimum: number; maximum?: number; default?: number }) =>
  t.Number({ multipleOf: 1, ...options });

/** Of an issue or a pull request. */
export const NUMBER = wholeNumber({ minimum: 1 });
export const PER_PAGE = wholeNumber({ minimum: 1, maximum: 100, default: 20 });

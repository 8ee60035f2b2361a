// Parts of the schemas of tools' parameters and of the dispatch_config.

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

/** A branch, tag or commit. A name with a leading dot is not valid in git, and would change the URL. */
export const ref = (description: string) => t.String({ pattern: "^[^.\\s]\\S*$", description });

// Not `t.Integer`: Elysia's version also accepts digits in a string, and the model would be offered this as well.
const wholeNumber = (options: { minimum: number; maximum?: number; default?: number }) =>
  t.Number({ multipleOf: 1, ...options });

export const SHA = t.String({ pattern: "^[0-9a-f]{40,64}$", description: "A whole commit id" });
/** What a check is called. */
export const CHECK_NAME = t.String({ minLength: 1, maxLength: 100 });

/** The number of an issue or a pull request. */
export const NUMBER = wholeNumber({ minimum: 1 });
export const PER_PAGE = wholeNumber({ minimum: 1, maximum: 100, default: 20 });

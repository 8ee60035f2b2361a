// The reason why an integration's version on disk does not load, as the API shows it.

import { relative } from "node:path";
import { t } from "elysia";
import { named } from "../../../schema/openapi-schema.ts";
import { nullable } from "../schemas.ts";

export const LoadError = named(
  "LoadError",
  t.Object(
    {
      reason: t.String({ description: "The problem in words." }),
      file: nullable(
        t.String(),
        "The path below the integration's folder; null if the problem concerns no single file.",
      ),
      line: nullable(t.Integer(), "The line, counted from 1, if it is known."),
      column: nullable(t.Integer(), "The column, counted from 1, if it is known."),
    },
    { description: "Why the version on disk does not load." },
  ),
);

export interface LoadErrorSource {
  /** An absolute path. */
  folder: string;
  /** `file` is absolute; it is the folder itself if the problem concerns no single file. */
  error: { reason: string; file?: string; line?: number; column?: number } | null;
}

export function presentError({ error, folder }: LoadErrorSource) {
  if (!error) return null;
  const { reason, file = folder, line = null, column = null } = error;
  return { reason, file: file === folder ? null : relative(folder, file), line, column };
}

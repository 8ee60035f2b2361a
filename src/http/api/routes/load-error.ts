// Why the version of an integration on the disk does not load, as the API shows it.

import { relative } from "node:path";
import { t } from "elysia";
import { named } from "../../../schema/openapi-schema.ts";
import { nullable } from "../schemas.ts";

export const LoadError = named(
  "LoadError",
  t.Object(
    {
      reason: t.String(),
      file: nullable(t.String(), "Below the integration's folder; null for a problem of no one file."),
      line: nullable(t.Integer()),
      column: nullable(t.Integer()),
    },
    { description: "Why what is on the disk does not load." },
  ),
);

export interface LoadErrorSource {
  /** Absolute. */
  folder: string;
  /** `file` is absolute, and the folder itself for a problem of no one file. */
  error: { reason: string; file?: string; line?: number; column?: number } | null;
}

export function presentError({ error, folder }: LoadErrorSource) {
  if (!error) return null;
  const { reason, file = folder, line = null, column = null } = error;
  return { reason, file: file === folder ? null : relative(folder, file), line, column };
}

// Text of a webhook as it is kept: just as it came, for it may be handled again. What has a known secret in it is sealed, and
// what is shown of it has the secret taken out.

import type { Redact } from "../redact.ts";
import { fieldAt, mapLeaves } from "../secrets/leaves.ts";
import { isSealed } from "../secrets/seal.ts";
import type { Vault } from "../secrets/vault.ts";

export interface KeptTextOptions {
  redact: Redact;
  vault: Pick<Vault, "seal" | "open">;
}

/** The columns that have text of the sender in them. */
interface Texts {
  path: string;
  headers: Record<string, string>;
  body: string;
}

export function createKeptText({ redact, vault }: KeptTextOptions) {
  const at = (id: string, field: string) => ({ table: "inbox_events", row: id, field });
  const change = (
    id: string,
    { path, headers, body }: Texts,
    of: (text: string, field: () => string) => string,
  ) => ({
    path: of(path, () => "path"),
    headers: mapLeaves(headers, (value, names) => of(String(value), () => fieldAt("headers", names))),
    body: of(body, () => "body"),
    id,
  });
  // The field is asked for where there is something to seal or to open: mostly there is not.
  const open = (id: string) => (text: string, field: () => string) =>
    isSealed(text) ? vault.open(text, at(id, field())) : text;

  return {
    /** For the row of this id. What only looks sealed is sealed, too. */
    keep: (id: string, texts: Texts): Texts & { id: string } =>
      change(id, texts, (text, field) =>
        redact(text) === text && !isSealed(text) ? text : vault.seal(text, at(id, field())),
      ),
    /** As it came. */
    original: <Row extends Texts & { id: string }>(row: Row): Row => ({
      ...row,
      ...change(row.id, row, open(row.id)),
    }),
    /** As it may be shown. */
    shown: <Row extends Texts & { id: string }>(row: Row): Row => ({
      ...row,
      ...change(row.id, row, (text, field) => redact(open(row.id)(text, field))),
    }),
    shownPath: (id: string, path: string): string => redact(open(id)(path, () => "path")),
  };
}

// How the text of a webhook is stored: unchanged, because the webhook may be replayed. Text that contains a known
// secret is encrypted, and shown with the secret redacted.

import type { Redact } from "../redact.ts";
import { fieldAt, mapLeaves } from "../secrets/leaves.ts";
import { isSealed } from "../secrets/seal.ts";
import type { Vault } from "../secrets/vault.ts";

export interface KeptTextOptions {
  redact: Redact;
  vault: Pick<Vault, "seal" | "open">;
}

/** The columns with text from the sender. */
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
  // `field` is a function, because its name is needed only for encrypted text, which is rare.
  const open = (id: string) => (text: string, field: () => string) =>
    isSealed(text) ? vault.open(text, at(id, field())) : text;

  return {
    /** Prepares the texts for the row with this id. Text that only looks encrypted is encrypted too. */
    keep: (id: string, texts: Texts): Texts & { id: string } =>
      change(id, texts, (text, field) =>
        redact(text) === text && !isSealed(text) ? text : vault.seal(text, at(id, field())),
      ),
    /** Returns the row as it was received. */
    original: <Row extends Texts & { id: string }>(row: Row): Row => ({
      ...row,
      ...change(row.id, row, open(row.id)),
    }),
    /** Returns the row with secrets redacted. */
    shown: <Row extends Texts & { id: string }>(row: Row): Row => ({
      ...row,
      ...change(row.id, row, (text, field) => redact(open(row.id)(text, field))),
    }),
    shownPath: (id: string, path: string): string => redact(open(id)(path, () => "path")),
  };
}

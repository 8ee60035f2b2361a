// A database never applies a migration twice, so a later change of its file would only reach new databases. Therefore
// each file must stay as it was.

import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const folder = join(import.meta.dirname, "../../src/db/migrations");
const journal: { entries: { idx: number; tag: string; when: number }[] } = JSON.parse(
  readFileSync(join(folder, "meta/_journal.json"), "utf8"),
);
/** SHA-256 of each file by name; `bun run db:generate` adds the line of a new file. */
const KNOWN: Record<string, string> = JSON.parse(
  readFileSync(join(import.meta.dirname, "migrations.json"), "utf8"),
);

const hashOf = (tag: string) =>
  createHash("sha256")
    .update(readFileSync(join(folder, `${tag}.sql`)))
    .digest("hex");

test("no applied migration has been changed", () => {
  expect(Object.fromEntries(journal.entries.map(({ tag }) => [tag, hashOf(tag)]))).toEqual(KNOWN);
});

test("each file is in the journal, ordered by number and time", () => {
  const files = readdirSync(folder).filter((name) => name.endsWith(".sql"));
  expect(files.sort()).toEqual(journal.entries.map(({ tag }) => `${tag}.sql`));
  expect(journal.entries.map(({ idx }) => idx)).toEqual(journal.entries.map((_, at) => at));
  const times = journal.entries.map(({ when }) => when);
  // Databases apply migrations newer than their latest, so one with an older time would never be applied.
  expect(times).toEqual([...new Set(times)].sort((one, other) => one - other));
});

test("migrations only add and never remove", () => {
  for (const { tag } of journal.entries) {
    const text = readFileSync(join(folder, `${tag}.sql`), "utf8").replace(/\$\$[^$]*\$\$/g, ""); // Functions are not called here.
    expect({
      tag,
      taken: text.match(
        // An index has no data of its own; a server of the former version works without it, only slower.
        /^\s*(DROP(?! INDEX)|TRUNCATE|DELETE|UPDATE)\b.*|\b(DROP|RENAME) (TABLE|COLUMN|TO)\b.*|SET NOT NULL.*/gim,
      ),
    }).toEqual({
      tag,
      taken: null,
    });
  }
});

// Part of `bun run db:generate`: notes the hash of each new migration in migrations.json, for migrations.test.ts.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const folder = join(import.meta.dirname, "../../src/db/migrations");
const file = join(import.meta.dirname, "migrations.json");

const known: Record<string, string> = JSON.parse(readFileSync(file, "utf8"));
for (const name of readdirSync(folder).sort()) {
  if (!name.endsWith(".sql")) continue;
  const text = readFileSync(join(folder, name));
  // An existing hash is kept, because it is that of the file that databases have applied.
  known[name.replace(/\.sql$/, "")] ??= createHash("sha256").update(text).digest("hex");
}
writeFileSync(file, `${JSON.stringify(known, null, 2)}\n`);

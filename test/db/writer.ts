// Opens the home named by its argument and prints each row that the database has acknowledged.

import { getLogger } from "@logtape/logtape";
import { openDatabase } from "../../src/db/open.ts";
import { serverFacts } from "../../src/db/schema.ts";

const database = await openDatabase({ home: process.argv[2] ?? "", log: getLogger("heddle") });
for (let n = 0; ; n++) {
  await database.query.insert(serverFacts).values({ key: `row ${n}`, value: n });
  process.stdout.write(`${n}\n`);
}

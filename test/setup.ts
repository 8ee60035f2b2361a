// Loaded before every test file. Once for each state of the migrations it prepares the data folder of embedded test databases.

import { existsSync } from "node:fs";
import { preparedArchivePath } from "../src/runtime/assets.ts";
import { oneAtATime } from "./one-at-a-time.ts";

const isThere = () => existsSync(preparedArchivePath());

if (!isThere()) {
  await oneAtATime("prepared-archive", async () => {
    if (isThere()) return;
    console.error(
      "Preparing a data folder for the embedded database; this happens once and takes some seconds.",
    );
    const { makePreparedArchive } = await import("./embedded-databases.ts");
    await makePreparedArchive();
  });
}

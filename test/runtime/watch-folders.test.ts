import { afterEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rootLogger } from "../../src/log.ts";
import { type FolderWatch, watchFolders } from "../../src/runtime/watch-folders.ts";
import { until } from "../until.ts";

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

// Whenever a folder appears during the first pass: it was not listed, and its parent was not watched yet.
test("changes in a folder that appears during start-up are reported", async () => {
  for (let turns = 0; turns < 24; turns++) {
    const { folder, watch, heard } = startedWith();
    for (let turn = 0; turn < turns % 12; turn++) await new Promise(setImmediate);
    mkdirSync(folder);
    await watch.ready;
    writeFileSync(join(folder, "router.ts"), "export {}");
    expect(await heard).toContain(folder);
  }
});

// What an integration imports from elsewhere is known once it has loaded, which may be while another change is looked at.
test("a refresh during a round is not forgotten", async () => {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), "heddle-watch-")));
  const elsewhere = realpathSync(mkdtempSync(join(tmpdir(), "heddle-watch-")));
  const others: { dir: string; folder: string }[] = [];
  const rounds: string[][] = [];
  const watch = watchFolders({
    folders: [{ dir, reports: "itself" }],
    others: () => others,
    log: rootLogger(),
    async onChange(folders) {
      rounds.push([...folders]);
      if (others.length > 0) return;
      others.push({ dir: elsewhere, folder: dir });
      watch.refresh();
    },
  });
  closers.push(() => {
    watch.close();
    for (const one of [dir, elsewhere]) rmSync(one, { recursive: true, force: true });
  });
  await watch.ready;
  writeFileSync(join(dir, "first"), "");
  // A directory that is watched for the first time may have changed before.
  await until(() => rounds.length >= 2);
  writeFileSync(join(elsewhere, "shared.ts"), "export {}");
  await until(() => rounds.length >= 3);
});

// Between the moment when its parent is listed and the moment when the watched directories are complete.
test("changes in a folder that appears while directories are listed are reported", async () => {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), "heddle-watch-")));
  const folder = join(dir, "late");
  const rounds: string[][] = [];
  let whileListing = () => {};
  const watch = watchFolders({
    folders: [{ dir, reports: "subfolders" }],
    // Asked for after the folders were listed; each of them takes a turn of the event loop.
    others() {
      whileListing();
      return Array.from({ length: 300 }, () => ({ dir, folder: dir }));
    },
    log: rootLogger(),
    onChange: async (folders) => void rounds.push([...folders]),
  });
  closers.push(() => {
    watch.close();
    rmSync(dir, { recursive: true, force: true });
  });
  await watch.ready;
  const listed = Promise.withResolvers<void>();
  whileListing = () => {
    whileListing = () => {};
    mkdirSync(folder);
    listed.resolve();
  };
  writeFileSync(join(dir, "first"), "");
  await listed.promise;
  await until(() => rounds.length >= 2 && rounds.flat().includes(folder));
  const before = rounds.length;
  writeFileSync(join(folder, "router.ts"), "export {}");
  await until(() => rounds.slice(before).flat().includes(folder));
});

function startedWith(): { folder: string; watch: FolderWatch; heard: Promise<string[]> } {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), "heddle-watch-")));
  const folder = join(dir, "late");
  const heard = Promise.withResolvers<string[]>();
  const changed = new Set<string>();
  const watch = watchFolders({
    folders: [{ dir, reports: "subfolders" }],
    log: rootLogger(),
    onChange: async (folders) => {
      for (const one of folders) changed.add(one);
      if (changed.has(folder)) heard.resolve([...changed]);
    },
  });
  closers.push(() => {
    watch.close();
    rmSync(dir, { recursive: true, force: true });
  });
  return { folder, watch, heard: heard.promise };
}

import { afterAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defaultHome } from "../../src/config/default-home.ts";

const base = mkdtempSync(join(tmpdir(), "heddle-test-"));
afterAll(() => rmSync(base, { recursive: true, force: true }));

const environment = { HOME: "/home/me" };
const usual = "/home/me/.local/state/heddle";
let made = 0;

/** A working directory with a `.heddle` from an archive: its modes are right, and it contains a database. */
function folderWithHome(mode = 0o700): { folder: string; home: string; control: string } {
  const folder = join(base, `${++made}`);
  const home = join(folder, ".heddle");
  const control = join(home, "db", "global", "pg_control");
  mkdirSync(join(home, "db", "global"), { recursive: true, mode: 0o700 });
  writeFileSync(control, "x");
  writeFileSync(join(home, ".env"), "API_KEY=attacker-knows-this-key\n", { mode: 0o600 });
  chmodSync(home, mode);
  return { folder, home, control };
}

describe("the default home", () => {
  test("is in the user's state folder", () => {
    expect(defaultHome(environment, base)).toEqual({ path: usual, note: undefined });
    expect(defaultHome({ ...environment, XDG_STATE_HOME: "/state" }, base).path).toBe("/state/heddle");
    expect(defaultHome({ ...environment, XDG_STATE_HOME: "relative" }, base).path).toBe(usual);
  });

  test("is the working directory's .heddle if a server has used it, with a notice", async () => {
    const { folder, home, control } = folderWithHome();
    // As the database does long after its creation.
    await Bun.sleep(1_100);
    writeFileSync(control, "y");
    expect(defaultHome(environment, folder)).toEqual({
      path: home,
      note: expect.stringContaining(`The home is ${home}`),
    });
  });

  test("is never a .heddle that came with other files, whatever its modes and times", () => {
    const cloned = folderWithHome();
    const past = folderWithHome();
    utimesSync(past.control, 1e9, 1e9);
    const future = folderWithHome();
    utimesSync(future.control, 4e9, 4e9);
    const open = folderWithHome(0o755);
    const empty = join(base, "empty");
    mkdirSync(join(empty, ".heddle"), { recursive: true, mode: 0o700 });
    const linked = join(base, "linked");
    mkdirSync(linked);
    symlinkSync(cloned.home, join(linked, ".heddle"));
    for (const folder of [cloned.folder, past.folder, future.folder, open.folder, empty, linked]) {
      expect(defaultHome(environment, folder)).toEqual({
        path: usual,
        note: expect.stringMatching(/is not used as the home, because .*--home /),
      });
    }
  });
});

describe("a user unknown to the system, as under systemd's DynamicUser", () => {
  const unshare = ["unshare", "--user", "--map-user=54321", "--map-group=54321"];
  const canPretend = spawnSync(unshare[0] ?? "", [...unshare.slice(1), "true"]).status === 0;
  /** Returns the configuration or error of such a user with these variables, without HOME. */
  const told = (flags: object, variables: object): string => {
    const code = `import { loadConfig } from ${JSON.stringify(join(import.meta.dirname, "../../src/config/config.ts"))};
      try { console.log(loadConfig(${JSON.stringify(flags)}, ${JSON.stringify(variables)}).integrationDirs.join()) }
      catch (error) { console.log(error.code, error.message) }`;
    const { HOME: _, ...env } = process.env;
    const run = spawnSync(unshare[0] ?? "", [...unshare.slice(1), process.execPath, "--eval", code], {
      env,
      cwd: base,
    });
    return `${run.stdout}${run.stderr}`.trim();
  };

  test.skipIf(!canPretend)("can have integration folders nevertheless", () => {
    expect(told({ home: base }, { INTEGRATION_DIRS: "/a:/b" })).toBe("/a,/b");
    expect(told({ home: base }, { INTEGRATION_DIRS: "~/a" })).toMatch(
      /^config INTEGRATION_DIRS must be absolute paths, .*; got "~\/a"\.$/,
    );
  });

  test.skipIf(!canPretend)("is asked to name a home", () => {
    expect(told({}, {})).toMatch(/^config HEDDLE_HOME must be set, /);
  });
});

import { afterAll, describe, expect, test } from "bun:test";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openHome } from "../../src/config/home.ts";

const base = mkdtempSync(join(tmpdir(), "heddle-test-"));
chmodSync(base, 0o755);
afterAll(() => rmSync(base, { recursive: true, force: true }));
const isRoot = process.getuid?.() === 0;
const OTHER = 23_456;

test("only the user can access the home and everything created in it", () => {
  const home = openHome(join(base, "mine"));
  const modes = [home.path, join(home.path, "bots"), home.workspace, home.cache].map(
    (path) => statSync(path).mode & 0o777,
  );
  expect(modes).toEqual([0o700, 0o700, 0o700, 0o700]);
});

test("a home from which no code can be loaded is refused with its name", () => {
  for (const name of ["ho?me", "ho\\me"]) {
    expect(() => openHome(join(base, name))).toThrow(
      /^HEDDLE_HOME must be a path without .+; got .+me\. Choose/,
    );
  }
  expect(openHome(join(base, "ho me#1%")).path).toContain("ho me#1%");
});

describe.if(isRoot)("as root, who can make others' folders", () => {
  test("another user's home is refused, and nothing is created in it", () => {
    const path = join(base, "theirs");
    mkdirSync(path, { mode: 0o777 });
    chownSync(path, OTHER, OTHER);
    expect(() => openHome(path)).toThrow(
      /must belong to the user that runs Heddle \(0\); got .*, which belongs to another user \(23456\)/,
    );
    expect(statSync(path).nlink).toBe(2);
  });

  async function openAsOther(path: string): Promise<string> {
    // From here on this is another user, so nothing more can be imported.
    const script = `const { openHome } = await import(${JSON.stringify(join(import.meta.dirname, "../../src/config/home.ts"))});
      process.setgroups([]); process.setgid(${OTHER}); process.setuid(${OTHER});
      try { openHome(${JSON.stringify(path)}, (text) => console.log(text)); } catch (error) { console.log(error.message); }`;
    const child = Bun.spawn([process.execPath, "--eval", script], {
      cwd: "/",
      stdio: ["ignore", "pipe", "pipe"],
    });
    return (await new Response(child.stdout).text()) + (await new Response(child.stderr).text());
  }

  test("a volume owned by root and writable by the group is used, with a warning", async () => {
    // With a strict umask, others may not enter the created folders.
    const open = mkdtempSync("/var/tmp/heddle-home-");
    chmodSync(open, 0o711);
    const path = join(open, "volume");
    mkdirSync(path);
    chownSync(path, 0, OTHER);
    chmodSync(path, 0o2770);
    expect(await openAsOther(path)).toStartWith(`Other users may be able to read ${path}`);
    expect(statSync(join(path, "keys")).uid).toBe(OTHER);
    rmSync(open, { recursive: true });
  });

  test("an inaccessible home is reported in one sentence", async () => {
    const path = join(base, "closed", "home");
    mkdirSync(path, { recursive: true, mode: 0o700 });
    expect(await openAsOther(path)).toStartWith(
      `HEDDLE_HOME must be a folder that this user can make and write; got ${path}: EACCES`,
    );
  });
});

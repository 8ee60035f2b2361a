// What an integration's folder needs so that an editor, `bun test`, `node --test` and `deno test` find "heddle/sdk"
// with nothing installed.

import { lstat, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { writeSdk } from "../runtime/sdk.ts";

/** Name → text. */
export function projectFiles(id: string): Map<string, string> {
  return new Map([
    ["package.json", json(packageJson(id))],
    ["tsconfig.json", json(TYPESCRIPT)],
    ["deno.json", json(DENO)],
  ]);
}

const packageJson = (id: string) => ({
  name: id,
  version: "0.1.0",
  private: true,
  type: "module",
  scripts: { test: "bun test" },
  // So that an install of other packages leaves it where it is.
  devDependencies: { heddle: "file:.heddle/sdk" },
});

const TYPESCRIPT = {
  compilerOptions: {
    target: "esnext",
    lib: ["esnext"],
    module: "nodenext",
    moduleDetection: "force",
    typeRoots: ["./.heddle/types"],
    types: ["node", "bun"],
    strict: true,
    noUncheckedIndexedAccess: true,
    noImplicitOverride: true,
    noFallthroughCasesInSwitch: true,
    verbatimModuleSyntax: true,
    // Node runs the files as they are, and only takes the types out.
    erasableSyntaxOnly: true,
    allowImportingTsExtensions: true,
    resolveJsonModule: true,
    skipLibCheck: true,
    noEmit: true,
  },
  include: ["."],
  exclude: ["node_modules", ".heddle"],
};

const DENO = {
  nodeModulesDir: "none",
  imports: {
    "heddle/sdk": "./.heddle/sdk/index.js",
    "heddle/sdk/testing": "./.heddle/sdk/testing.js",
  },
  // Else Deno takes those of tsconfig.json, which are for Bun and Node.
  compilerOptions: { lib: ["deno.window"], types: [] },
};

const json = (value: object): string => `${JSON.stringify(value, null, 2)}\n`;

/** Brings the SDK of a folder up to date; returns the files that were missing beside it, and were written. */
export async function refreshProject(folder: string, id: string): Promise<string[]> {
  await writeSdkInto(folder);
  const added: string[] = [];
  for (const [name, text] of projectFiles(id)) {
    // Never over what the author has made of it.
    const wrote = await writeFile(join(folder, name), text, { flag: "wx" }).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code === "EEXIST") return false;
        throw error;
      },
    );
    if (wrote) added.push(name);
  }
  return added;
}

/** Writes `.heddle/` and makes `node_modules/heddle` lead there; what stood there is replaced. */
export async function writeSdkInto(folder: string): Promise<void> {
  await writeSdk(join(folder, ".heddle"));
  const link = join(folder, "node_modules", "heddle");
  await mkdir(dirname(link), { recursive: true });
  // Not with what is behind a link: that is what was just written.
  if (await lstat(link).catch(() => undefined)) await rm(link, { recursive: true });
  const target = join(folder, ".heddle", "sdk");
  // Windows lets everybody make a junction, which needs an absolute target.
  const isWindows = process.platform === "win32";
  await symlink(isWindows ? target : relative(dirname(link), target), link, "junction");
}

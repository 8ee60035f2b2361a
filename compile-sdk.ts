// Builds the stand-alone SDK, which authors of integrations import outside of Heddle: `bun compile-sdk.ts <archive>`.
//
//   sdk/     the package "heddle": index.js and testing.js, with everything they import bundled in, and declarations that
//            refer to each other only by path, so that TypeScript and Deno can follow them with no package installed;
//            packages/ has the packages that Heddle provides to integrations, for code that imports them by name
//   types/   declarations of Node and Bun, for a tsconfig.json's "typeRoots"

import { execFileSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join, posix, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { declareSchema } from "./declare-schema.ts";
import { packArchive } from "./src/runtime/archive.ts";
import { build } from "./src/runtime/assets.ts";
import { DashboardData } from "./src/sdk/dashboard.ts";
import { SetupManifest } from "./src/sdk/manifest.ts";

const repository = import.meta.dirname;
const source = join(repository, "src");
const ENTRIES = ["index", "testing"];

/** Modules that the server provides to integrations (runtime/modules.ts): file below packages/ → the name they are imported by. */
const LENT = {
  "elysia/index": "elysia",
  "typebox/index": "@sinclair/typebox",
  "typebox/value": "@sinclair/typebox/value",
};

/** Writes the archive, which appears complete or not at all. */
export async function makeSdkArchive(path: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "heddle-sdk-"));
  try {
    await mkdir(join(folder, "sdk"));
    await writeModules(join(folder, "sdk"));
    await writeDeclarations(join(folder, "sdk"));
    await writeFile(join(folder, "sdk", "package.json"), `${JSON.stringify(packageJson(), null, 2)}\n`);
    await writeRuntimeTypes(join(folder, "types"));
    const unfinished = `${path}.${process.pid}`;
    await mkdir(dirname(path), { recursive: true });
    await writeFile(unfinished, await packArchive(folder));
    await rename(unfinished, path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const packageJson = () => ({
  name: "heddle",
  version: build.version,
  description: "The SDK of Heddle's integrations, stand-alone. Written by `heddle types`; do not edit.",
  license: "MIT",
  type: "module",
  exports: {
    "./sdk": { types: "./index.d.ts", default: "./index.js" },
    "./sdk/testing": { types: "./testing.d.ts", default: "./testing.js" },
  },
});

/** Deno throws for variables that it has no permission to read; the SDK treats these as not set. */
const ENVIRONMENT = `const heddleEnvironment = new Proxy({}, {
  get(_, name) { try { return process.env[name]; } catch { return undefined; } },
  has(_, name) { try { return name in process.env; } catch { return false; } },
  set(_, name, value) { process.env[name] = value; return true; },
  deleteProperty(_, name) { return delete process.env[name]; },
  ownKeys() { try { return Reflect.ownKeys(process.env); } catch { return []; } },
  getOwnPropertyDescriptor(_, name) {
    const value = this.get(_, name);
    return value === undefined ? undefined : { value, enumerable: true, configurable: true, writable: true };
  },
});`;

async function writeModules(folder: string): Promise<void> {
  for (const entry of ENTRIES) await writeModule(join(source, "sdk", `${entry}.ts`), folder, entry);
  for (const [entry, name] of Object.entries(LENT)) {
    const target = join(folder, "packages", dirname(entry));
    await mkdir(target, { recursive: true });
    await writeModule(Bun.resolveSync(name, repository), target, basename(entry));
  }
  for (const name of ["elysia", "@sinclair/typebox"]) {
    const target = join(folder, "packages", basename(name), "package.json");
    await writeFile(target, `${JSON.stringify(await lentPackageJson(name), null, 2)}\n`);
  }
}

async function writeModule(path: string, folder: string, entry: string): Promise<void> {
  const result = await Bun.build({
    entrypoints: [path],
    target: "node",
    format: "esm",
    // Names are kept, because Elysia reads the source of handlers, and authors read stack traces.
    minify: { whitespace: true, syntax: true, identifiers: false },
    define: { "process.env": "heddleEnvironment" },
    banner: `// @ts-self-types="./${entry}.d.ts"\n// Heddle ${build.version}; bundled with it are Elysia and TypeBox (MIT).\n${ENVIRONMENT}`,
    throw: false,
  });
  const [module] = result.outputs;
  if (!result.success || !module) throw new Error(result.logs.map(String).join("\n"));
  // Elysia also accesses it in this form, which `define` does not match.
  const text = (await module.text()).replaceAll("process?.env", "heddleEnvironment");
  await writeFile(join(folder, `${entry}.js`), text);
}

/** The version is the package's own, because its code is unchanged. */
async function lentPackageJson(name: string) {
  const { version, license } = JSON.parse(
    await readFile(join(packageFolder(name, ""), "package.json"), "utf8"),
  );
  const entries = Object.entries(LENT).filter(([, lent]) => lent === name || lent.startsWith(`${name}/`));
  const exports = entries.map(([entry, lent]) => {
    const file = `./${basename(entry)}`;
    return [`.${lent.slice(name.length)}`, { types: `${file}.d.ts`, default: `${file}.js` }];
  });
  return { name, version, license, type: "module", exports: Object.fromEntries(exports) };
}

/** A tree of declarations to copy: where its files are, and the folder they are copied to. */
interface Tree {
  root: string;
  name: string;
}

async function writeDeclarations(folder: string): Promise<void> {
  const emitted = await mkdtemp(join(tmpdir(), "heddle-dts-"));
  try {
    emitDeclarations(emitted);
    // Replaces the types inferred from the schemas, which have no comments.
    await writeFile(
      join(emitted, "sdk", "manifest.d.ts"),
      declareSchema("SetupManifest", SetupManifest, { readonly: true }),
    );
    await writeFile(join(emitted, "sdk", "dashboard.d.ts"), declareSchema("DashboardData", DashboardData));
    const trees: Record<string, Tree> = {
      heddle: { root: emitted, name: "heddle" },
      elysia: { root: packageFolder("elysia", "dist"), name: "elysia" },
      "@sinclair/typebox": { root: packageFolder("@sinclair/typebox", "build/esm"), name: "typebox" },
      memoirist: { root: packageFolder("memoirist", "dist"), name: "memoirist" },
      "exact-mirror": { root: packageFolder("exact-mirror", "dist"), name: "exact-mirror" },
      "openapi-types": { root: packageFolder("openapi-types", "dist"), name: "openapi-types" },
    };
    const target = join(folder, "types");
    await mkdir(target);
    // Elysia refers to types of its own server, which integrations never start, because the server is Heddle's.
    await writeFile(join(target, "bun.d.ts"), BUN_SERVER);
    const done = new Set<string>();
    for (const entry of ENTRIES) {
      await copyDeclaration(join(emitted, "sdk", `${entry}.d.ts`), { trees, target, done });
      const text = `${UNCHECKED}export * from "./types/heddle/sdk/${entry}.d.ts";\n`;
      await writeFile(join(folder, `${entry}.d.ts`), text);
    }
    for (const [entry, name] of Object.entries(LENT)) await declareLent(entry, name, { trees, target, done });
  } finally {
    await rm(emitted, { recursive: true, force: true });
  }
}

async function declareLent(entry: string, name: string, copying: Copying): Promise<void> {
  const named: string[] = [];
  const own = join(copying.target, "..", "packages", `${entry}.d.ts`);
  const declared = join(copying.target, follow(own, name, copying.trees, named));
  for (const path of named) await copyDeclaration(path, copying);
  const from = relative(dirname(own), declared).replaceAll("\\", "/");
  await writeFile(own, `${UNCHECKED}export * from "${from}";\n`);
}

/** Excludes these files from type checks of an author's code, whatever its settings; Deno has no setting for it. */
const UNCHECKED = "// @ts-nocheck\n";

const BUN_SERVER = `export type Serve<WebSocketData = undefined, Routes extends string = string> = any;
export type Server<WebSocketData = undefined> = any;
export type WebSocketHandler<WebSocketData = undefined> = any;
export type ServerWebSocket<WebSocketData = undefined> = any;
export type ServerWebSocketSendStatus = number;
export type BufferSource = any;
`;

function emitDeclarations(outDir: string): void {
  const project = join(outDir, "tsconfig.json");
  const configuration = {
    extends: join(repository, "tsconfig.json"),
    compilerOptions: {
      noEmit: false,
      declaration: true,
      emitDeclarationOnly: true,
      rootDir: source,
      outDir,
      typeRoots: [join(repository, "node_modules")],
    },
    files: ENTRIES.map((entry) => join(source, "sdk", `${entry}.ts`)),
    include: [],
  };
  writeFileSync(project, JSON.stringify(configuration));
  // Run with this same Bun, because the compiler's shebang asks for Node.
  const compiler = join(repository, "node_modules", ".bin", "tsc");
  execFileSync(process.execPath, ["--bun", compiler, "-p", project, "--pretty", "false"], {
    stdio: ["ignore", "inherit", "inherit"],
  });
}

interface Copying {
  trees: Record<string, Tree>;
  target: string;
  done: Set<string>;
}

const SPECIFIER = /(\bfrom\s*|\bimport\s*\(?\s*|\bdeclare module\s*)(["'])([^"'\n]+)\2/g;
const REFERENCE = /^\/\/\/ <reference .*$/gm;

/** Copies a declaration and those that it imports, with each import rewritten to the path of the copy. */
async function copyDeclaration(path: string, copying: Copying): Promise<void> {
  if (copying.done.has(path)) return;
  copying.done.add(path);
  const own = placeOf(path, copying.trees);
  const named: string[] = [];
  const text = (await readFile(path, "utf8"))
    .replace(REFERENCE, "")
    .replaceAll("Bun.HeadersInit", "HeadersInit");
  const rewritten = text.replace(SPECIFIER, (whole, before: string, _quote, specifier: string) => {
    if (specifier.startsWith("node:") || specifier === "fs/promises") return whole;
    const to = specifier === "bun" ? "bun.d.ts" : follow(path, specifier, copying.trees, named);
    const from = relative(dirname(own), to).replaceAll("\\", "/");
    return `${before}"${from.startsWith(".") ? from : `./${from}`}"`;
  });
  await mkdir(dirname(join(copying.target, own)), { recursive: true });
  await writeFile(join(copying.target, own), UNCHECKED + rewritten);
  for (const next of named) await copyDeclaration(next, copying);
}

function follow(path: string, specifier: string, trees: Record<string, Tree>, named: string[]): string {
  const [packageName = ""] = /^(@[^/]+\/)?[^/]+/.exec(specifier) ?? [];
  const base = specifier.startsWith(".")
    ? join(dirname(path), specifier)
    : trees[packageName] && join(trees[packageName].root, specifier.slice(packageName.length) || "index");
  const stem = base?.replace(/\.[cm]?[jt]s$/, "");
  const found = [`${stem}.d.ts`, `${stem}.d.mts`, `${base}/index.d.ts`, `${base}/index.d.mts`].find(
    (candidate) => existsSync(candidate),
  );
  if (!found) throw new Error(`${path} names "${specifier}", whose declarations are not at hand`);
  named.push(found);
  return placeOf(found, trees);
}

function placeOf(path: string, trees: Record<string, Tree>): string {
  const tree = Object.values(trees).find(({ root }) => path.startsWith(`${root}/`));
  if (!tree) throw new Error(`${path} belongs to no package that is taken over`);
  return posix.join(tree.name, relative(tree.root, path).replaceAll("\\", "/"));
}

async function writeRuntimeTypes(folder: string): Promise<void> {
  const bun = packageFolder("bun-types", "", repository);
  const node = packageFolder("@types/node", "", bun);
  await copyTypes(bun, join(folder, "bun"));
  await copyTypes(node, join(folder, "node"));
  await copyTypes(packageFolder("undici-types", "", node), join(folder, "node_modules", "undici-types"));
}

const copyTypes = (from: string, to: string): Promise<void> =>
  cp(from, to, { recursive: true, dereference: true, filter: isWanted });

const isWanted = (path: string): boolean =>
  !/\.\w+$/.test(basename(path)) || /(\.d\.[cm]?ts|package\.json|LICENSE\w*)$/.test(path);

function packageFolder(name: string, folder: string, from = repository): string {
  const file = Bun.resolveSync(`${name}/package.json`, from);
  return join(dirname(file.startsWith("file:") ? fileURLToPath(file) : file), folder).replace(/\/$/, "");
}

if (import.meta.main) await makeSdkArchive(process.argv[2] ?? join("dist", "sdk.tar.gz"));

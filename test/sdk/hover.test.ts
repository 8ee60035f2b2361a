// The documentation in an author's editor: TypeScript's language service over a project created by `heddle new`.

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ts from "typescript-5";
import { linkSdk } from "../../src/authoring/project-files.ts";
import { HOST_MODULES } from "../../src/runtime/modules.ts";
import { writeSdk } from "../../src/runtime/sdk.ts";
import { AT_ONCE, ELSEWHERE } from "./at-once-cases.ts";

// The first run builds the SDK.
setDefaultTimeout(60_000);

const MODULES = ["heddle/sdk", "heddle/sdk/testing"];
let folder = "";
/** A file that imports every module. */
let probe = "";
let editor: ts.LanguageService;
/** A cache of files shared by all editors. */
const parsed = ts.createDocumentRegistry();
let checker: ts.TypeChecker;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "heddle-hover-"));
  await writeSdk(join(folder, ".heddle"));
  await linkSdk(folder);
  const specifiers = [...MODULES, ...Object.keys(HOST_MODULES)];
  probe = specifiers.map((name, at) => `import * as module${at} from ${JSON.stringify(name)};`).join("\n");
  await open({ "probe.ts": probe });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Opens only these files in a new editor. */
async function open(files: Record<string, string>): Promise<void> {
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  const options: ts.CompilerOptions = {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ESNext,
    lib: ["lib.esnext.d.ts"],
    types: [],
    strict: true,
    skipLibCheck: true,
    noEmit: true,
  };
  const version = crypto.randomUUID();
  editor = ts.createLanguageService(
    {
      getCompilationSettings: () => options,
      getScriptFileNames: () => Object.keys(files).map((name) => join(folder, name)),
      // Only the files of this call differ.
      getScriptVersion: (path) => (path.startsWith(`${folder}/.heddle`) ? "1" : version),
      getScriptSnapshot(path) {
        const text = ts.sys.readFile(path);
        return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
      },
      getCurrentDirectory: () => folder,
      getDefaultLibFileName: ts.getDefaultLibFilePath,
      fileExists: ts.sys.fileExists,
      readFile: ts.sys.readFile,
      directoryExists: ts.sys.directoryExists,
      realpath: (path) => ts.sys.realpath?.(path) ?? path,
    },
    parsed,
  );
  const program = editor.getProgram();
  if (!program) throw new Error("The language service has no program");
  checker = program.getTypeChecker();
}

function exportsOf(specifier: string): ts.Symbol[] {
  const source = editor.getProgram()?.getSourceFile(join(folder, "probe.ts"));
  const imports = source?.statements.filter(ts.isImportDeclaration) ?? [];
  const found = imports.find(
    ({ moduleSpecifier }) => ts.isStringLiteral(moduleSpecifier) && moduleSpecifier.text === specifier,
  );
  const module = found && checker.getSymbolAtLocation(found.moduleSpecifier);
  if (!module) throw new Error(`${specifier} is not found`);
  return checker.getExportsOfModule(module);
}

const isValue = (symbol: ts.Symbol): boolean => (original(symbol).flags & ts.SymbolFlags.Value) !== 0;
const original = (symbol: ts.Symbol): ts.Symbol =>
  symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;

/** Returns the lines whose name has no documentation at its first occurrence. */
async function undocumentedIn(specifier: string, uses: { name: string; line: string }[]): Promise<string[]> {
  const text = [`import { ${uses.map(({ name }) => name).join(", ")} } from "${specifier}";`];
  for (const { line } of uses) text.push(line);
  await open({ "uses.ts": text.join("\n") });
  let at = text[0]?.length ?? 0;
  return uses.flatMap(({ name, line }) => {
    const info = editor.getQuickInfoAtPosition(join(folder, "uses.ts"), at + 1 + line.indexOf(name));
    at += 1 + line.length;
    return ts.displayPartsToString(info?.documentation) === "" ? [name] : [];
  });
}

test("the modules that the server provides are found", () => {
  const missing = editor.getSemanticDiagnostics(join(folder, "probe.ts"));
  expect(missing.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"))).toEqual([]);
  expect(exportsOf("elysia").map(({ name }) => name)).toContain("Elysia");
  expect(exportsOf("@sinclair/typebox").map(({ name }) => name)).toContain("Static");
});

test("the modules that the server provides work in an author's tests", async () => {
  const packages = join(folder, "node_modules");
  const { Elysia, t } = await import(join(packages, "elysia", "index.js"));
  const app = new Elysia().post("/:id", ({ params }: { params: { id: number } }) => params.id + 1, {
    params: t.Object({ id: t.Number() }),
  });
  const response = await app.handle(new Request("http://localhost/4", { method: "POST" }));
  expect(await response.text()).toBe("5");
  const { Type } = await import(join(packages, "@sinclair", "typebox", "index.js"));
  const { Value } = await import(join(packages, "@sinclair", "typebox", "value.js"));
  expect([Value.Check(Type.String(), "a"), Value.Check(Type.String(), 1)]).toEqual([true, false]);
});

test.each(MODULES)("each export of %s has documentation where it is used", async (specifier) => {
  await open({ "probe.ts": probe });
  const exported = exportsOf(specifier).map((symbol) => ({
    name: symbol.name,
    isValue: isValue(symbol),
    isFunction: checker.getTypeOfSymbol(original(symbol)).getCallSignatures().length > 0,
  }));
  expect(exported.length).toBeGreaterThan(8);
  const uses = exported.map(({ name, isValue }) => ({
    name,
    line: isValue ? `void ${name};` : `type _ = ${name};`,
  }));
  expect(await undocumentedIn(specifier, uses)).toEqual([]);
  const calls = exported
    .filter(({ isFunction }) => isFunction)
    .map(({ name }) => ({ name, line: `${name}(...([] as never));` }));
  expect(await undocumentedIn(specifier, calls)).toEqual([]);
});

test("each member of the SDK's types has documentation, including the manifest's", async () => {
  await open({ "probe.ts": probe });
  const undocumented = new Set<string>();
  const seen = new Set<ts.Type>();
  const visit = (type: ts.Type, path: string): void => {
    if (seen.has(type)) return;
    seen.add(type);
    if (type.isUnionOrIntersection()) for (const part of type.types) visit(part, path);
    const element = checker.getIndexTypeOfType(type, ts.IndexKind.Number);
    if (element) visit(element, `${path}[]`);
    // What functions take and return may have types without a name of their own.
    for (const signature of [...type.getCallSignatures(), ...type.getConstructSignatures()]) {
      for (const parameter of signature.getParameters())
        visit(checker.getTypeOfSymbol(parameter), `${path}(${parameter.name})`);
      visit(signature.getReturnType(), `${path}()`);
    }
    for (const member of checker.getPropertiesOfType(type)) {
      if (!isOurs(member) || member.name.startsWith("__@")) continue;
      const at = `${path}.${member.name}`;
      if (member.getDocumentationComment(checker).length === 0) undocumented.add(at);
      visit(checker.getTypeOfSymbol(member), at);
    }
  };
  for (const specifier of MODULES) {
    for (const symbol of exportsOf(specifier)) {
      const target = original(symbol);
      if (target.flags & ts.SymbolFlags.Type) visit(checker.getDeclaredTypeOfSymbol(target), symbol.name);
      if (isValue(symbol)) {
        visit(checker.getTypeOfSymbol(target), symbol.name);
      }
    }
  }
  expect([...undocumented].sort()).toEqual([]);
});

const isOurs = (symbol: ts.Symbol): boolean =>
  symbol.declarations?.some((declaration) =>
    declaration.getSourceFile().fileName.includes("/types/heddle/"),
  ) === true;

/** Whether a function may return a promise, or returns nothing that is used. */
function mayBeAsync(signature: ts.Signature): boolean {
  const returned = signature.getReturnType();
  if (returned.flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown | ts.TypeFlags.Void)) return true;
  const parts = returned.isUnion() ? returned.types : [returned];
  return parts.some((part) => checker.getPropertyOfType(part, "then") !== undefined);
}

/** The functions that an author passes in and whose value is used at once, by their path. */
function usedAtOnce(): string[] {
  const found = new Set<string>();
  const parametersOf = (signature: ts.Signature) =>
    signature.getParameters().map((one) => [one.name, checker.getTypeOfSymbol(one)] as const);
  /** What an author gives. */
  function given(wanted: ts.Type, path: string, seen: ts.Type[]): void {
    const type = checker.getBaseConstraintOfType(wanted) ?? wanted;
    if (seen.includes(type)) return;
    if (type.isUnionOrIntersection()) {
      for (const part of type.types) given(part, path, [...seen, type]);
      return;
    }
    for (const signature of type.getCallSignatures()) {
      if (!mayBeAsync(signature)) found.add(path);
      for (const [name, of] of parametersOf(signature)) got(of, `${path}.${name}`, [...seen, type]);
    }
    for (const member of checker.getPropertiesOfType(type).filter(isOurs))
      given(checker.getTypeOfSymbol(member), `${path}.${member.name}`, [...seen, type]);
  }
  /** What an author gets: what its functions take is given again. */
  function got(type: ts.Type, path: string, seen: ts.Type[]): void {
    if (seen.includes(type)) return;
    for (const signature of type.getCallSignatures()) {
      for (const [name, of] of parametersOf(signature)) given(of, `${path}.${name}`, [...seen, type]);
      got(signature.getReturnType(), `${path}()`, [...seen, type]);
    }
    for (const member of checker.getPropertiesOfType(type).filter(isOurs))
      got(checker.getTypeOfSymbol(member), `${path}.${member.name}`, [...seen, type]);
  }
  for (const symbol of exportsOf("heddle/sdk"))
    if (isValue(symbol)) got(checker.getTypeOfSymbol(original(symbol)), symbol.name, []);
  return [...found].sort();
}

test("every function of an author whose value is used at once is known, and refused if it is async", async () => {
  await open({ "probe.ts": probe });
  // The platform's headers.
  const platform = usedAtOnce().filter((path) => path.endsWith(".get"));
  expect(platform).toEqual(["retryAfterSeconds.headers.get"]);
  const ours = usedAtOnce().filter((path) => !platform.includes(path));
  expect(ours).toEqual([...Object.keys(AT_ONCE), ...Object.keys(ELSEWHERE)].sort());
});

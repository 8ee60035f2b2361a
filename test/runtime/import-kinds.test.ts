import { expect, test } from "bun:test";
import { bundleFolder } from "../../src/runtime/bundle.ts";
import { temporaryFolder } from "../integrations/harness.ts";

async function bundle(code: string) {
  await using folder = await temporaryFolder();
  await folder.write({ "in/a.ts": code, "in/data.txt": "export default 7", "in/data.json": "{}" });
  const result = await bundleFolder({
    folder: `${folder.path}/in`,
    entries: ["a.ts"],
    outDir: `${folder.path}/out`,
    bound: { specifier: "heddle/sdk", exports: [] },
    gate: { macros: false, read: async () => undefined },
  });
  return result.ok ? "ok" : result.problems.map(({ reason }) => reason).join("\n");
}

test("data can be imported only as json, text or file", async () => {
  for (const kind of ["text", "file"]) {
    expect(await bundle(`import x from "./data.txt" with { type: "${kind}" }; console.log(x);`)).toBe("ok");
  }
  expect(await bundle(`import x from "./data.json" with { type: "json" }; console.log(x);`)).toBe("ok");
  const refused = [
    `import x from "./data.txt" with { type: "js" }; console.log(x);`,
    `import x from "./data.txt" with /* json */ { "typ\\u0065": "sql\\x69te", embed: "true" }; console.log(x);`,
    `import x from "./data.txt" assert { type: "html" }; console.log(x);`,
    `import "./data.txt" with { type: "ts" };`,
    `console.log(await import("./data.txt", { with: { type: "ts" } }));`,
  ];
  for (const code of refused) {
    expect(await bundle(code)).toMatch(
      /imports "\.\/data\.txt" as "\w+"; the type of an import attribute must be json, text or file/,
    );
  }
});

test("a string that looks like an import is ignored", async () => {
  const text = `export const example = 'import a from "./else.ts" with { type: "js" }'; // with { type: "js" }`;
  expect(await bundle(text)).toBe("ok");
});

// Corrects in the bundler's output what plain Bun does differently at run time. Every text keeps its length, because the modules have
// few, long lines and the source map counts in their columns.

import { readFile, writeFile } from "node:fs/promises";

/** How the bundler writes an import of a CommonJS module by a file that Node.js would take for an ES module: `__toESM(m(),1)`. */
const NODE_MODE = /(\b__toESM\([\w$.]{1,200}(?:\(\))?,)1\)/g;

/** What it writes for a `require` of a package that is not there. */
const ABSENT = 'throw new Error("Cannot require module "+';
const ABSENT_AS_PLAIN = "throw __heddleAbsent(".padEnd(ABSENT.length);
const HELPER =
  'function __heddleAbsent(name){return Object.assign(new Error("Cannot find module \'"+name+"\'"),{code:"MODULE_NOT_FOUND"})}';

/** How it keeps the exports of a CommonJS module, also of one that threw: the next `require` would return what there was until then. */
const KEEPING = "__commonJS=(cb,mod)=>()=>(mod||cb((mod={exports:{}}).exports,mod),mod.exports)";
const KEEPING_AS_PLAIN = "__commonJS=__heddleCommonJS".padEnd(KEEPING.length);
const KEEPING_HELPER =
  "function __heddleCommonJS(run){let mod;return()=>{if(!mod){mod={exports:{}};try{run(mod.exports,mod)}catch(error){mod=undefined;throw error}}return mod.exports}}";

/** Rewrites a module (absolute path) in place, if there is anything to correct. */
export async function behaveAsPlain(module: string): Promise<void> {
  const text = await readFile(module, "utf8");
  const corrected = asPlain(text);
  if (corrected !== text) await writeFile(module, corrected);
}

function asPlain(text: string): string {
  // Plain Bun always takes a module's `exports.default` for its default export if `exports.__esModule` says so.
  let plain = text.replace(NODE_MODE, "$10)");
  if (plain.includes(ABSENT)) plain = withHelper(plain.replaceAll(ABSENT, ABSENT_AS_PLAIN), HELPER);
  if (plain.includes(KEEPING))
    plain = withHelper(plain.replaceAll(KEEPING, KEEPING_AS_PLAIN), KEEPING_HELPER);
  return plain;
}

/** Before the source map's address, which must come last. */
function withHelper(text: string, helper: string): string {
  const address = text.lastIndexOf("\n//#");
  return address === -1
    ? `${text}\n${helper}\n`
    : `${text.slice(0, address)}\n${helper}${text.slice(address)}`;
}

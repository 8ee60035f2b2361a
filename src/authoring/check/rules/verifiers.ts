// Finds verifiers whose result nobody waits for: the request is accepted before it is known who has sent it.

import { type SourceFile, withoutComments } from "../subject.ts";

const VERIFIER = /(?<![\w.$])(verify[A-Z]\w*)\s*\(/g;
const FROM_SDK = /\bimport\s*\{([^}]*)\}\s*from\s*["']heddle\/sdk["']/g;

/** The calls of the SDK's verifiers whose result nothing waits for. */
export function ignoredVerifiers(file: SourceFile): { name: string; line: number }[] {
  const imported = [...withoutComments(file.text).matchAll(FROM_SDK)].flatMap(
    ([, names]) => names?.match(/\w+/g) ?? [],
  );
  const text = withoutComments(file.text, { strings: true });
  return [...text.matchAll(VERIFIER)]
    .filter(({ 1: name = "", index }) => imported.includes(name) && isIgnored(text, index))
    .map(({ 1: name = "", index }) => ({ name, line: text.slice(0, index).split("\n").length }));
}

/** More than any operator, word or line break between an expression and what is before it. */
const BEFORE = 200;
/** A statement of its own, a condition (a promise is always true), or parts of a result that is not there yet. */
const UNAWAITED = /(?:^|[;{})]|\belse|!|\b(?:if|while)\s*\(|\}\s*=)$/;
/** After one of these words a line may break. */
const CONTINUED = /\b(?:await|return|yield|void|of|in|case)$/;

function isIgnored(text: string, index: number): boolean {
  const before = text.slice(Math.max(0, index - BEFORE), index);
  const code = before.trimEnd();
  const isOnNewLine = before.slice(code.length).includes("\n") && /[\w"'`\]]$/.test(code);
  const isUnawaited = UNAWAITED.test(code) || (isOnNewLine && !CONTINUED.test(code));
  return isUnawaited && !/^\s*\.\s*(?:then|catch|finally)\b/.test(text.slice(endOfCall(text, index)));
}

/** The index behind the closing bracket of the call that begins there. */
function endOfCall(text: string, index: number): number {
  let depth = 0;
  for (let at = text.indexOf("(", index); at < text.length; at += 1) {
    if (text[at] === "(") depth += 1;
    if (text[at] === ")") depth -= 1;
    if (depth === 0) return at + 1;
  }
  return text.length;
}

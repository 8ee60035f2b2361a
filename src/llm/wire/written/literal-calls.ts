// Calls in the syntax of a programming language: Llama's and LFM's Python, and Gemma's own.

import { createLiteralReader, GEMMA, type LiteralReader, Mismatch, PYTHON } from "./literals.ts";
import type { WrittenCall } from "./written-call.ts";

/** `[search(query="x"), look(at=1)]`, or one call a line. Returns nothing for a text that is anything else beside it. */
export function readPythonCalls(text: string): WrittenCall[] {
  return orNothing(() => {
    const reader = createLiteralReader(text, PYTHON);
    const isList = reader.take("[");
    const calls: WrittenCall[] = [];
    while (!reader.isAtEnd() && !(isList && reader.take("]"))) {
      if (isList && calls.length > 0) {
        reader.need(",");
        if (reader.take("]")) break;
      } else if (!isList) while (reader.take(";"));
      calls.push(pythonCall(reader));
    }
    if (!reader.isAtEnd()) throw new Mismatch();
    return calls;
  });
}

function pythonCall(reader: LiteralReader): WrittenCall {
  const name = reader.name().replace(/\.call$/, "");
  reader.need("(");
  const args: [string, unknown][] = [];
  while (!reader.take(")")) {
    if (args.length > 0) {
      reader.need(",");
      if (reader.take(")")) break;
    }
    const key = reader.name();
    reader.need("=");
    args.push([key, reader.value()]);
  }
  return { name, arguments: JSON.stringify(Object.fromEntries(args)) };
}

/** `call:search{query:<|"|>x<|"|>,limit:5}` */
export function readGemmaCalls(text: string): WrittenCall[] {
  return orNothing(() => {
    const reader = createLiteralReader(text, GEMMA);
    const calls: WrittenCall[] = [];
    while (!reader.isAtEnd()) {
      reader.need("call:");
      const name = reader.name();
      calls.push({ name, arguments: JSON.stringify(reader.value()) });
    }
    return calls;
  });
}

function orNothing(read: () => WrittenCall[]): WrittenCall[] {
  try {
    return read();
  } catch (error) {
    if (error instanceof Mismatch) return [];
    throw error;
  }
}

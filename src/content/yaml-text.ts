// Reads YAML written by people, so that every error about it can name a line.

import { LineCounter, parseDocument } from "yaml";

export type YamlText =
  | {
      ok: true;
      value: unknown;
      /** The line, from 1, of the field with this dotted path, or of its closest existing parent. */
      lineOf(field: string): number;
    }
  | { ok: false; problem: TextProblem };

/** A problem in a text; `line` counts from 1. */
export interface TextProblem {
  reason: string;
  line?: number;
}

export function readYaml(text: string): YamlText {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [error] = document.errors;
  if (error) {
    const { line } = lines.linePos(error.pos[0]);
    return { ok: false, problem: { reason: `The text is not YAML: ${error.message}`, line } };
  }
  let value: unknown;
  try {
    value = document.toJS();
  } catch (thrown) {
    // toJS() throws when aliases would expand without limit.
    return { ok: false, problem: { reason: `The text is not YAML: ${String(thrown)}` } };
  }
  return {
    ok: true,
    value,
    lineOf(field) {
      const path = field === "" ? [] : field.split(".");
      for (; path.length > 0; path.pop()) {
        const node = document.getIn(path, true) as { range?: [number, ...unknown[]] } | undefined;
        if (node?.range) return lines.linePos(node.range[0]).line;
      }
      return 1;
    },
  };
}

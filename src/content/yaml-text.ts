// YAML that people write, read so that every complaint about it can name a line.

import { LineCounter, parseDocument } from "yaml";

export type YamlText =
  | {
      ok: true;
      value: unknown;
      /** From 1, of a field by its dotted path, or of the closest one around it that is there. */
      lineOf(field: string): number;
    }
  | { ok: false; problem: TextProblem };

/** What is wrong with a text; `line` counts from 1. */
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
    return { ok: false, problem: { reason: `It is not YAML: ${error.message}`, line } };
  }
  let value: unknown;
  try {
    value = document.toJS();
  } catch (thrown) {
    // Aliases that would grow without end.
    return { ok: false, problem: { reason: `It is not YAML: ${String(thrown)}` } };
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

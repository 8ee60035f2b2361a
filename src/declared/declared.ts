// What the operator declares in a file of the home folder, beside what is stored in the database: MCP servers, coding agents. Of two
// with one id the file's counts, and what is in the file is changed there only.

import { HeddleError, notFound } from "../errors.ts";

interface DeclaredOne {
  id: string;
  source: "stored" | "file";
}

interface DeclaredOptions {
  /** "MCP server" */
  what: string;
  /** "mcp.yaml" */
  file: string;
}

export function createDeclared<One extends DeclaredOne>({ what, file }: DeclaredOptions) {
  let stored: One[] = [];
  let ofFile: One[] = [];
  /** Those of the file first. */
  const all = (): One[] => [
    ...ofFile,
    ...stored.filter(({ id }) => !ofFile.some((other) => other.id === id)),
  ];
  /** Throws `not_found`. */
  function find(id: string): One {
    const one = all().find((other) => other.id === id);
    if (!one) throw notFound(what, id);
    return one;
  }
  return {
    all,
    find,
    setStored(ones: One[]): void {
      stored = ones;
    },
    setOfFile(ones: One[]): void {
      ofFile = ones;
    },
    /** Throws `not_found`, and `conflict` for what the file declares. */
    changeable(id: string): One {
      const one = find(id);
      if (one.source === "stored") return one;
      throw new HeddleError("conflict", `The ${what} "${id}" is declared in ${file}; change it there.`);
    },
    /** Throws `conflict` when the file has this id. */
    free(id: string): void {
      if (!ofFile.some((other) => other.id === id)) return;
      const article = /^[AEIOU]|^MCP/.test(what) ? "An" : "A";
      throw new HeddleError("conflict", `${article} ${what} "${id}" is declared in ${file}.`, {
        field: "id",
      });
    },
  };
}

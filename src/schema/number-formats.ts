// What counts as a number in a query or a path. The router itself takes whatever JavaScript can convert, such as " 1" and "0x10".

import { FormatRegistry } from "@sinclair/typebox";

const INTEGER = /^-?(?:0|[1-9]\d*)$/;
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** Holds for all schemas of this process, since formats have one registry. */
export function readPlainNumbersOnly(): void {
  FormatRegistry.Set("integer", (text) => INTEGER.test(text));
  FormatRegistry.Set("numeric", (text) => NUMBER.test(text));
}

// Options that no function of the SDK knows: nothing would read them, so a misspelt `secret` would store a secret in the clear.

import { HeddleError } from "../errors.ts";
import { nearest } from "../schema/nearest.ts";
import { shown } from "./arguments.ts";

/** Throws `validation` for an option that the function does not take, or for no options; `call` is its name, such as "store.set". */
export function checkOptions(call: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== "object" || options === null) {
    throw new HeddleError("validation", `The options of ${call}() must be an object; got ${shown(options)}.`);
  }
  const option = Object.keys(options).find((name) => !known.includes(name));
  if (option !== undefined) throw unknownOption(call, option, known);
}

export function unknownOption(call: string, option: string, known: readonly string[]): HeddleError {
  const meant = nearest(option, [...known]);
  const hint = meant === undefined ? `it takes ${known.join(", ")}.` : `did you mean ${meant}?`;
  return new HeddleError("validation", `${option} is not an option of ${call}(); ${hint}`, {
    field: option,
  });
}

// Optional fields of what an integration registers whose names are misspelt: nothing would read them, and nobody would notice.

import { nearest } from "../schema/nearest.ts";

/** A field that nothing reads, and the one that was probably meant. */
export interface Misspelling {
  /** What has the field: "Tool weather". */
  of: string;
  /** The name that was written. */
  name: string;
  /** The name that was probably meant. */
  meant: string;
}

/** A typing error makes a name longer or shorter by a few letters; other names are the author's own. */
const MOST_LETTERS = 2;
/** A name without its unit or its last word is meant as well ("timeout" for "timeoutSeconds"), unless it is short. */
const LEAST_BEGINNING = 5;

/** Returns the fields of `given` that are not known, but nearly have the name of one that is known and missing. */
export function misspellings(of: string, given: object, known: readonly string[]): Misspelling[] {
  const missing = known.filter((name) => !(name in given));
  return Object.keys(given).flatMap((name) => {
    if (known.includes(name)) return [];
    const close = nearest(name, missing);
    const isClose = close !== undefined && Math.abs(close.length - name.length) <= MOST_LETTERS;
    const meant = isClose ? close : missing.find((one) => isBeginning(name, one));
    return meant === undefined ? [] : [{ of, name, meant }];
  });
}

const isBeginning = (name: string, of: string): boolean =>
  name.length >= LEAST_BEGINNING && of.toLowerCase().startsWith(name.toLowerCase());

/** Says it in a sentence. */
export const misspellingText = ({ of, name, meant }: Misspelling): string =>
  `${of} has ${name}, which means nothing; did you mean ${meant}?`;

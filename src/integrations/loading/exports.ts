// What a file exports instead of what it must export, for messages.

import { nearest } from "../../schema/nearest.ts";

const MOST_NAMES = 5;

/** Ends a message about a missing export: "; it exports Router: did you mean router?" */
export function insteadOf(name: string, exports: Record<string, unknown>): string {
  const others = Object.keys(exports).filter((other) => other !== "default");
  const meant = nearest(name, others);
  if (meant !== undefined) return `; it exports ${meant}: did you mean ${name}?`;
  if ("default" in exports)
    return `; it has a default export: export it by its name, \`export const ${name} = …\``;
  return others.length === 0
    ? "; it exports nothing"
    : `; it exports ${others.slice(0, MOST_NAMES).join(", ")}`;
}

/** What a value is, for somebody who has exported the wrong one. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (typeof value === "function") return isClass(value) ? "a class: make one with `new`" : "a function";
  if (value instanceof Promise) return "a promise: await it at the top level of the file";
  return `${typeof value === "object" ? "an" : "a"} ${typeof value}`;
}

const isClass = (value: object): boolean => {
  const { prototype } = value as { prototype?: object };
  return prototype !== undefined && Object.getOwnPropertyDescriptor(value, "prototype")?.writable === false;
};

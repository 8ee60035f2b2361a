// Writes an author's value as JSON. JavaScript writes "{}" for a Response, a Map or a promise that nobody has awaited, and what was in it
// is lost without a word.

/** Returns the JSON text; undefined for what has none, such as a function. Throws for what JSON cannot express, or would lose. */
export function jsonOf(value: unknown): string | undefined {
  return JSON.stringify(value, (key, inner: unknown) => {
    if (isLost(inner)) throw new TypeError(explained(key, inner));
    return inner;
  });
}

/** Whether it is an object of some class, of which JSON keeps nothing. */
function isLost(value: unknown): value is object {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  // That of a plain object, also of another realm.
  if (prototype === null || Object.getPrototypeOf(prototype) === null) return false;
  for (const name in value) if (Object.hasOwn(value, name)) return false;
  return true;
}

function explained(key: string, value: object): string {
  const tag = Object.prototype.toString.call(value).slice(8, -1);
  // What inherits from an object that has none itself has no constructor.
  const name = (tag === "Object" && Object(value.constructor).name) || tag;
  const what = `the ${name}${key === "" ? "" : ` at "${key}"`}`;
  return name === "Promise" ? `${what} must be awaited` : `${what} must be converted first: its JSON is {}`;
}

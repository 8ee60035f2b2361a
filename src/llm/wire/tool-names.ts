/**
 * The tool that a model means with a name that was not offered: models and servers write "functions.search", "Search",
 * "search<|channel|>json" or, in place of it, the id "functions.search:0" for "search". A name that is nothing like an offered one stays, and the call is refused with it.
 */
export function offeredName(given: string, offered: ReadonlySet<string>): string {
  if (offered.size === 0 || offered.has(given)) return given;
  const mark = given.indexOf("<|");
  const name = (mark > 0 ? given.slice(0, mark) : given).trim().replace(/:\d{1,6}$/, "");
  if (offered.has(name)) return name;
  const last = name.slice(Math.max(name.lastIndexOf("."), name.lastIndexOf(":"), name.lastIndexOf("/")) + 1);
  if (offered.has(last)) return last;
  const wanted = letters(last);
  const same = [...offered].filter((one) => letters(one) === wanted);
  return wanted !== "" && same.length === 1 && same[0] !== undefined ? same[0] : given;
}

/** Without what models change: capitals, hyphens, underscores, and quotation marks or brackets around it. */
const letters = (name: string): string => name.toLowerCase().replaceAll(/[-_\s"'`()]/g, "");

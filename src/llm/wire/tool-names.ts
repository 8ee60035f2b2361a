/**
 * The tool that a model means with a name that was not offered: models and servers write "functions.search" or "Search" for
 * "search". A name that is nothing like an offered one stays, and the call is refused with it.
 */
export function offeredName(name: string, offered: ReadonlySet<string>): string {
  if (offered.size === 0 || offered.has(name)) return name;
  const last = name.slice(Math.max(name.lastIndexOf("."), name.lastIndexOf(":"), name.lastIndexOf("/")) + 1);
  if (offered.has(last)) return last;
  const same = [...offered].filter((one) => one.toLowerCase() === last.toLowerCase());
  return same.length === 1 && same[0] !== undefined ? same[0] : name;
}

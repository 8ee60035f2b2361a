// Who calls a route: the server tells the router in a header, which it takes away from what arrives.

import { checkArgument } from "./arguments.ts";

/** The header, which nobody outside can set. */
export const CALLER_HEADER = "heddle-caller";

/** Who calls a route of an integration. */
export interface RouteCaller {
  /** The id of the API key; null for the key of the server's environment. */
  id: string | null;
  /** The name of the API key, for people. */
  name: string;
}

/** Returns who calls a route; undefined on a public route. */
export function callerOf(request: Request): RouteCaller | undefined {
  checkArgument("The argument of callerOf()", request, "a request");
  const text = request.headers.get(CALLER_HEADER);
  return text === null ? undefined : (JSON.parse(decodeURIComponent(text)) as RouteCaller);
}

export const callerHeader = ({ id, name }: RouteCaller): string =>
  encodeURIComponent(JSON.stringify({ id, name }));

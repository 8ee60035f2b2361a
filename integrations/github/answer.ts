// Checks answers from GitHub's address before they are used. A 2xx status alone proves nothing: the answer may come from a
// login page, a proxy, or the end of a redirect, which turns a POST into a GET.

/** An answer as Octokit returns it. */
export interface Answer<Data> {
  status: number;
  /** The address that finally answered, after redirects. */
  url: string;
  headers: Record<string, string | number | undefined>;
  data: Data;
}

/** A 2xx answer with unexpected content. The message names status, type and address, which show whose answer it is. */
export class UnexpectedAnswer extends Error {
  constructor({ status, url, headers }: Answer<unknown>, wanted: string) {
    const type = String(headers["content-type"] ?? "nothing").split(";", 1)[0];
    super(`${status} with ${type} from ${placeOf(url)} instead of ${wanted}`);
    this.name = "UnexpectedAnswer";
  }
}

/** What identifies something that was created; an answer without these does not prove that it was. */
export interface Made {
  id: number;
  url: string;
}

/** `field` contains the id: "id" of a comment, "number" of an issue. Throws UnexpectedAnswer. */
export function madeOf(answer: Answer<unknown>, field: "id" | "number", wanted: string): Made {
  const made = readMade(answer.data, field);
  if (made === undefined) throw new UnexpectedAnswer(answer, wanted);
  return made;
}

export function readMade(data: unknown, field: "id" | "number"): Made | undefined {
  if (!isObject(data)) return undefined;
  const { [field]: id, html_url: url } = data;
  if (!Number.isSafeInteger(id) || typeof url !== "string" || url === "") return undefined;
  return { id: id as number, url };
}

/** Returns the requested object, which must have the given fields. Throws UnexpectedAnswer. */
export function objectOf<Data extends object>(
  answer: Answer<Data>,
  wanted: string,
  ...needs: (keyof Data & string)[]
): Data {
  if (isObject(answer.data) && !Array.isArray(answer.data) && has(answer.data, needs)) return answer.data;
  throw new UnexpectedAnswer(answer, wanted);
}

/** Returns the requested list of objects, which must have the given fields. Throws UnexpectedAnswer. */
export function listOf<Item extends object>(
  answer: Answer<Item[]>,
  wanted: string,
  ...needs: (keyof Item & string)[]
): Item[] {
  const items: unknown = answer.data;
  if (Array.isArray(items) && items.every((item) => isObject(item) && has(item, needs))) return answer.data;
  throw new UnexpectedAnswer(answer, wanted);
}

/** Returns a file or a diff. Throws UnexpectedAnswer for a web page, which GitHub never sends in its place. */
export function textOf(answer: Answer<unknown>, wanted: string): string {
  const { headers, data } = answer;
  if (String(headers["content-type"] ?? "").startsWith("text/html"))
    throw new UnexpectedAnswer(answer, wanted);
  // Octokit does not decode a body if the server names no charset.
  if (data instanceof ArrayBuffer) return new TextDecoder().decode(data);
  return String(data ?? "");
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;

const has = (object: object, names: readonly string[]): boolean =>
  names.every((name) => (object as Record<string, unknown>)[name] !== undefined);

/** Returns the address without its query, which may contain tokens for a login page. */
function placeOf(url: string): string {
  return URL.canParse(url) ? `${new URL(url).origin}${new URL(url).pathname}` : "an unknown address";
}

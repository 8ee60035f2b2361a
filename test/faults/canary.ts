// Searches everything a server reveals for secrets it was given.

/** Every form in which a secret might leak. */
function formsOf(secret: string): string[] {
  const base64 = Buffer.from(secret).toString("base64").replace(/=+$/, "");
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret),
    base64,
    base64.replaceAll("+", "-").replaceAll("/", "_"),
    Buffer.from(secret).toString("hex"),
    // A masked secret shows at most its last four characters.
    secret.slice(0, 8),
    secret.slice(-8),
  ];
}

export interface Search {
  /** Records where one of the secrets appears in the text. */
  look(place: string, text: string): void;
  found: string[];
  /** How many texts were searched. */
  looked(): number;
}

export function createSearch(secrets: string[]): Search {
  const forms = secrets.flatMap(formsOf);
  const found: string[] = [];
  let count = 0;
  return {
    found,
    looked: () => count,
    look(place, text) {
      count++;
      const form = forms.find((one) => text.includes(one));
      if (form === undefined) return;
      const at = text.indexOf(form);
      found.push(`${place}: …${text.slice(Math.max(0, at - 60), at + form.length + 20)}…`);
    },
  };
}

export type Ask = (method: string, path: string, body?: unknown) => Promise<{ status: number; text: string }>;

/** Sends a request and searches the complete response. */
export const createAsk =
  (url: string, key: string, search: Search): Ask =>
  async (method, path, body) => {
    const response = await fetch(`${url}${path}`, {
      method,
      redirect: "manual",
      headers: {
        authorization: `Bearer ${key}`,
        ...(body !== undefined && { "content-type": "application/json" }),
      },
      ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const text = await readText(response);
    const headers = [...response.headers].map(([name, value]) => `${name}: ${value}`).join("\n");
    search.look(`${method} ${path} (${response.status})`, `${headers}\n\n${text}`);
    return { status: response.status, text };
  };

/** Of an endless event stream, only what arrives at once. */
async function readText(response: Response): Promise<string> {
  if (!response.headers.get("content-type")?.startsWith("text/event-stream")) return response.text();
  const reader = response.body?.getReader();
  const first = await Promise.race([reader?.read(), Bun.sleep(500)]);
  await reader?.cancel();
  return first?.value ? new TextDecoder().decode(first.value) : "";
}

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g;

/**
 * Requests every GET route of the OpenAPI document. For path parameters it tries `known` and ids: those of the list that the path
 * continues or, where there is no such list, of all earlier responses. Returns the paths that answered with 200.
 */
export async function crawl(ask: Ask, known: Record<string, string[]>): Promise<string[]> {
  const document = JSON.parse((await ask("GET", "/swagger/all/json")).text);
  const routes = Object.entries<Record<string, unknown>>(document.paths)
    .filter(([, operations]) => "get" in operations)
    .map(([path]) => path)
    // Request lists first: they contain the ids.
    .sort((a, b) => a.split("{").length - b.split("{").length);
  const all = new Set<string>();
  /** By the path that has answered. */
  const idsAt = new Map<string, string[]>();
  const idsFor = (path: string) => (idsAt.get(path) ?? [...all]).slice(-TRIED);
  for (const route of routes) {
    for (const path of fill(route, known, idsFor)) {
      const { status, text } = await ask("GET", path);
      if (status !== 200) continue;
      const ids = [...new Set(text.match(UUID))];
      idsAt.set(path, ids);
      for (const id of ids) all.add(id);
    }
  }
  return [...idsAt.keys()];
}

const TRIED = 25;

function fill(route: string, known: Record<string, string[]>, idsFor: (path: string) => string[]): string[] {
  const [parameter] = /\{\w+\}/.exec(route) ?? [];
  if (parameter === undefined) return [route.includes("search") ? `${route}?q=canary` : route];
  const name = parameter.slice(1, -1);
  const list = route.slice(0, route.indexOf(parameter) - 1);
  const values = new Set([...(known[name] ?? []), ...idsFor(list)]);
  return [...values].flatMap((value) =>
    fill(route.replace(parameter, encodeURIComponent(value)), known, idsFor),
  );
}

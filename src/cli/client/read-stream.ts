// Reads server-sent events that Heddle writes: each has its data on one line.

export interface Told {
  id: string | undefined;
  event: string;
  data: Record<string, unknown>;
}

export async function* readStream(response: Response): AsyncGenerator<Told, undefined> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of response.body ?? []) {
    const parts = (rest + decoder.decode(chunk as Uint8Array, { stream: true })).split("\n\n");
    rest = parts.pop() ?? "";
    for (const part of parts) {
      const fields = new Map(
        part.split("\n").map((line) => [line.split(":", 1)[0], line.slice(line.indexOf(":") + 2)]),
      );
      const data = fields.get("data");
      if (data !== undefined) {
        yield { id: fields.get("id"), event: fields.get("event") ?? "message", data: JSON.parse(data) };
      }
    }
  }
  return undefined;
}

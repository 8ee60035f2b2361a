// Reads server-sent events in tests.

export interface SentEvent {
  id: string;
  event: string;
  // biome-ignore lint/suspicious/noExplicitAny: whatever JSON the server sends; the test says what it expects.
  data: any;
}

/** Reads events one after the other. `next` rejects at the end of the stream. */
export function readEvents(response: Response) {
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const decoder = new TextDecoder();
  let text = "";
  const waiting: SentEvent[] = [];
  const next = async (): Promise<SentEvent> => {
    for (;;) {
      const one = waiting.shift();
      if (one) return one;
      const { done, value } = await reader.read();
      if (done) throw new Error("The stream has ended.");
      text += decoder.decode(value, { stream: true });
      for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
        const fields = new Map(
          text
            .slice(0, end)
            .split("\n")
            .filter((line) => !line.startsWith(":"))
            .map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]),
        );
        text = text.slice(end + 2);
        const data = fields.get("data");
        if (data === undefined) continue;
        waiting.push({
          id: fields.get("id") ?? "",
          event: fields.get("event") ?? "message",
          data: data.startsWith("[DONE") ? data : JSON.parse(data),
        });
      }
    }
  };
  return {
    next,
    /** Reads until an event satisfies the condition; returns all up to it. */
    async until(isLast: (event: SentEvent) => boolean): Promise<SentEvent[]> {
      const seen: SentEvent[] = [];
      for (;;) {
        const event = await next();
        seen.push(event);
        if (isLast(event)) return seen;
      }
    },
    /** All until the end. */
    async rest(): Promise<SentEvent[]> {
      const seen: SentEvent[] = [];
      for (;;) {
        try {
          seen.push(await next());
        } catch {
          return seen;
        }
      }
    },
    cancel: () => reader.cancel(),
  };
}

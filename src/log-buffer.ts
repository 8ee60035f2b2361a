// The latest lines of the log, in memory, for people who watch them in the admin UI.

export interface KeptLine {
  /** Increases with each line; after a restart it begins anew. */
  id: number;
  at: Date;
  level: string;
  /** The part of the server that wrote it: "http", "dispatch". */
  part: string;
  message: string;
  /** Of the run or delivery during which it was written. */
  correlation_id: string | null;
  /** Its facts, as JSON. */
  properties: Record<string, unknown>;
}

export interface LogBuffer {
  add(line: Omit<KeptLine, "id">): void;
  /** The lines before an id, or all of them, newest first. */
  before(id: number | undefined): KeptLine[];
  /** The lines after an id, oldest first. */
  after(id: number, limit: number): KeptLine[];
  /** The id of the last line; 0 before the first. */
  last(): number;
  /** Resolves when there is a line after this id, or the signal is aborted. */
  more(id: number, signal: AbortSignal): Promise<void>;
}

/** Lines and their characters that are kept. */
const LINES = 2_000;
const MESSAGE_LENGTH = 2_000;
const PROPERTIES_LENGTH = 4_000;

export function createLogBuffer(): LogBuffer {
  const lines: KeptLine[] = [];
  const waiting = new Set<() => void>();
  let last = 0;
  /** The place of the oldest line, once as many as are kept have come. */
  let start = 0;

  const inOrder = () => [...lines.slice(start), ...lines.slice(0, start)];

  return {
    add(line) {
      last += 1;
      const kept = { id: last, ...line, message: line.message.slice(0, MESSAGE_LENGTH) };
      if (JSON.stringify(kept.properties).length > PROPERTIES_LENGTH) kept.properties = {};
      if (lines.length < LINES) lines.push(kept);
      else {
        lines[start] = kept;
        start = (start + 1) % LINES;
      }
      for (const wake of waiting) wake();
    },
    before: (id) =>
      inOrder()
        .filter((line) => id === undefined || line.id < id)
        .reverse(),
    after(id, limit) {
      // Lines of a server before a restart had other numbers.
      const from = id > last ? 0 : id;
      return inOrder()
        .filter((line) => line.id > from)
        .slice(0, limit);
    },
    last: () => last,
    more(id, signal) {
      if (last !== id || signal.aborted) return Promise.resolve();
      return new Promise((resolve) => {
        const wake = () => {
          waiting.delete(wake);
          signal.removeEventListener("abort", wake);
          resolve();
        };
        waiting.add(wake);
        signal.addEventListener("abort", wake);
      });
    },
  };
}

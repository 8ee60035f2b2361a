// A program that asks without end is answered no faster than it takes the answers: while too many of its requests (JSON-RPC 2.0) have
// none, no more of its output is read, and so it waits.

export interface Unanswered {
  /** Called with each message of the program, */
  read(message: object): void;
  /** and with each that was written to it. */
  wrote(message: object): void;
  /** Undefined, or resolves when more may be read. */
  room(): Promise<void> | undefined;
}

interface Message {
  id?: unknown;
  method?: unknown;
  params?: unknown;
}

/** More than people are asked at once, by a program that keeps to the rules. */
const MOST = 50;
/** After these nobody answers any more, by the rules of MCP and of the Agent Client Protocol. */
const CANCELS: readonly unknown[] = ["notifications/cancelled", "$/cancel_request"];

export function createUnanswered(): Unanswered {
  /** Nothing keeps a program from giving several requests one id. */
  const open = new Map<unknown, number>();
  let count = 0;
  let waiting: PromiseWithResolvers<void> | undefined;

  function close(id: unknown, closed: number): void {
    const left = (open.get(id) ?? 0) - closed;
    if (left > 0) open.set(id, left);
    else open.delete(id);
    count -= closed;
    if (count > MOST) return;
    waiting?.resolve();
    waiting = undefined;
  }

  return {
    read({ id, method, params }: Message) {
      if (method === undefined) return;
      if (id !== undefined) {
        open.set(id, (open.get(id) ?? 0) + 1);
        count += 1;
      } else if (CANCELS.includes(method)) {
        const { requestId } = (params ?? {}) as { requestId?: unknown };
        close(requestId, open.get(requestId) ?? 0);
      }
    },
    wrote({ id, method }: Message) {
      if (method === undefined && open.has(id)) close(id, 1);
    },
    room() {
      if (count <= MOST) return undefined;
      waiting ??= Promise.withResolvers();
      return waiting.promise;
    },
  };
}

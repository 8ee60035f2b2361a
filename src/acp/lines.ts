// Lines of text that arrive in pieces, at a cost that is linear in what arrives, however small the pieces are.

export interface Lines {
  /** Passes on each line that ends. Returns false if one is longer than allowed; those before it are passed on. */
  add(chunk: Uint8Array, onLine: (line: string) => void): boolean;
  /** Passes on the last line, which nothing ends. */
  end(onLine: (line: string) => void): void;
  clear(): void;
}

const NEW_LINE = 10;
/** Room that is kept for the next lines. */
const KEPT_BYTES = 65_536;

export function createLines(mostBytes: number): Lines {
  let room = new Uint8Array(KEPT_BYTES);
  let length = 0;

  function keep(piece: Uint8Array): void {
    if (length + piece.length > room.length) {
      const larger = new Uint8Array(Math.max(2 * room.length, length + piece.length));
      larger.set(room.subarray(0, length));
      room = larger;
    }
    room.set(piece, length);
    length += piece.length;
  }

  function take(): string {
    const line = new TextDecoder().decode(room.subarray(0, length));
    clear();
    return line;
  }

  function clear(): void {
    length = 0;
    if (room.length > KEPT_BYTES) room = new Uint8Array(KEPT_BYTES);
  }

  return {
    add(chunk, onLine) {
      for (let from = 0; ; ) {
        const at = chunk.indexOf(NEW_LINE, from);
        const piece = chunk.subarray(from, at === -1 ? undefined : at);
        if (length + piece.length > mostBytes) return false;
        keep(piece);
        if (at === -1) return true;
        onLine(take());
        from = at + 1;
      }
    },
    end(onLine) {
      if (length > 0) onLine(take());
    },
    clear,
  };
}

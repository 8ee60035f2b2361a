// Writes lines to a stream that may fail: a full disk, a closed or blocked pipe, a terminal that has hung up. Lines
// that cannot be written are dropped and counted. Nothing throws or waits, and memory stays bounded, because this is
// the very place where such trouble would be reported.

export interface LineWriter {
  /** `line` includes its line break. */
  write(line: string): void;
}

/** The part of a Node stream that is used here. The stream's owner handles its "error" events. */
export interface LineStream {
  write(text: string, done: (error?: Error | null) => void): unknown;
}

export interface LineWriterOptions {
  stream: LineStream;
  /** Returns the line to write once writing works again. */
  notice: (lost: number) => string;
  /** How many characters may wait for a slow reader; further lines are dropped. */
  maxWaiting?: number;
}

const MAX_WAITING = 1024 * 1024;

export function createLineWriter(options: LineWriterOptions): LineWriter {
  const { stream, notice, maxWaiting = MAX_WAITING } = options;
  let waiting = 0;
  let lost = 0;
  /** True if the last write may have left an incomplete line. */
  let isBroken = false;

  function send(text: string, lines: number): void {
    waiting += text.length;
    const done = (error?: Error | null) => {
      waiting -= text.length;
      if (error) {
        lost += lines;
        isBroken = true;
      } else {
        isBroken = false;
        reportLost();
      }
    };
    try {
      stream.write(text, done);
    } catch (error) {
      done(error as Error);
    }
  }

  function reportLost(): void {
    if (lost === 0 || waiting > maxWaiting / 2) return;
    const count = lost;
    lost = 0;
    // If the notice itself fails, it counts as all the lines it was about.
    send(notice(count), count);
  }

  return {
    write(line) {
      if (waiting + line.length > maxWaiting && waiting > 0) lost++;
      else send(isBroken ? `\n${line}` : line, 1);
    },
  };
}

// Lines to a stream that may fail: a full disk, a closed or blocked pipe, a terminal that has hung up. Lines are lost then,
// and counted; nothing is thrown, nothing waits, and memory stays bounded, because whoever would report the trouble would
// report it here.

export interface LineWriter {
  /** With its line break. */
  write(line: string): void;
}

/** The part of a Node stream that is used; whoever owns it listens to its errors. */
export interface LineStream {
  write(text: string, done: (error?: Error | null) => void): unknown;
}

export interface LineWriterOptions {
  stream: LineStream;
  /** The line that is written when lines can be written again. */
  notice: (lost: number) => string;
  /** Characters that may wait for a reader who does not read; what comes then is lost. */
  maxWaiting?: number;
}

const MAX_WAITING = 1024 * 1024;

export function createLineWriter(options: LineWriterOptions): LineWriter {
  const { stream, notice, maxWaiting = MAX_WAITING } = options;
  let waiting = 0;
  let lost = 0;
  /** The last write may have left part of a line. */
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
        tellOfLost();
      }
    };
    try {
      stream.write(text, done);
    } catch (error) {
      done(error as Error);
    }
  }

  function tellOfLost(): void {
    if (lost === 0 || waiting > maxWaiting / 2) return;
    const count = lost;
    lost = 0;
    // When it fails it stands for all those that it was to tell of.
    send(notice(count), count);
  }

  return {
    write(line) {
      if (waiting + line.length > maxWaiting && waiting > 0) lost++;
      else send(isBroken ? `\n${line}` : line, 1);
    },
  };
}

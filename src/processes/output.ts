// Splits a process's output into lines. Memory, the log and the database stay bounded whatever it writes: long lines
// are cut, and output beyond the rate limits is counted and dropped.

import { setTimeout as sleep } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";
import type { LineSource } from "../db/schema.ts";
import type { Redact } from "../redact.ts";

export interface OutputLine {
  at: Date;
  source: LineSource;
  text: string;
  /** The level of the supervisor's own lines. Default: info. */
  level?: ReportLevel;
}

/** "warning" if the line needs an operator's attention. */
export type ReportLevel = "info" | "warning";

export interface OutputOptions {
  redact: Redact;
  /** Called with each line that is not dropped. */
  onLine(line: OutputLine): void;
  now?: () => number;
  /** Resolves after this many milliseconds. */
  pause?: (ms: number) => Promise<void>;
}

export interface Output {
  /** Takes the next bytes. The caller must not read on while a returned promise is pending. */
  write(chunk: Uint8Array, source: "stdout" | "stderr"): Promise<void> | undefined;
  /** Must be called when the process has ended: the unfinished last line becomes a line. */
  end(): void;
  /** Adds a line of the supervisor itself. */
  report(text: string, level?: ReportLevel): void;
}

const LINE_CHARACTERS = 4_096;
/** Bytes kept beyond the cut, so that a secret that crosses it is still recognised. */
const MARGIN_BYTES = 4_096;
const LINE_BYTES = LINE_CHARACTERS * 3 + MARGIN_BYTES;
const LINES_PER_SECOND = 100;
const BYTES_PER_SECOND = 64 * 1024;
/** Lines accepted at once after a pause. */
const BURST_LINES = 1_000;
const BURST_BYTES = 1024 * 1024;
/** Output beyond this rate is not even read, because reading would keep the server busy. */
const READ_BYTES_PER_SECOND = 32 * 1024 * 1024;
/** Bytes kept of dropped output, in case it turns out to be the last. */
const TAIL_BYTES = 8 * 1024;
const NEWLINE = 10;
const RETURN = 13;
const NOTHING = new Uint8Array();

const STREAMS = ["stdout", "stderr"] as const;
type Stream = (typeof STREAMS)[number];

export function createOutput({ redact, onLine, now = Date.now, pause = sleep }: OutputOptions): Output {
  const unfinished = { stdout: emptyLine(), stderr: emptyLine() };
  const budget = { lines: BURST_LINES, bytes: BURST_BYTES, at: now() };
  const tails: Record<Stream, Uint8Array> = { stdout: NOTHING, stderr: NOTHING };
  const dropped = { lines: 0, bytes: 0 };
  let isResting = false;
  const window = { from: 0, bytes: 0 };

  const keep = (source: LineSource, text: string) => onLine({ at: new Date(now()), source, text });
  const report = (text: string, level?: ReportLevel) =>
    onLine({ at: new Date(now()), source: "heddle", text: redact(text), ...(level && { level }) });

  function refill(): void {
    const at = now();
    const seconds = Math.max(0, at - budget.at) / 1000;
    budget.lines = Math.min(BURST_LINES, budget.lines + seconds * LINES_PER_SECOND);
    budget.bytes = Math.min(BURST_BYTES, budget.bytes + seconds * BYTES_PER_SECOND);
    budget.at = at;
  }

  /** Stays true for about a second once it is, so that one note about dropped output covers many lines. */
  function isSpent(): boolean {
    isResting = isResting
      ? budget.lines < LINES_PER_SECOND || budget.bytes < BYTES_PER_SECOND
      : budget.lines < 1 || budget.bytes <= 0;
    return isResting;
  }

  /** Drops whole lines, including the unfinished one, without examining each, because there may be millions. */
  function drop(lines: Uint8Array, source: Stream): void {
    for (let index = 0; index < lines.length; index++) if (lines[index] === NEWLINE) dropped.lines += 1;
    dropped.bytes += lines.length + unfinished[source].bytes;
    const before = lines.length < TAIL_BYTES ? [tails[source], ...unfinished[source].parts] : [];
    tails[source] = Buffer.concat([...before, lines.subarray(-TAIL_BYTES)]).subarray(-TAIL_BYTES);
    unfinished[source] = emptyLine();
  }

  function reportDropped(): void {
    const { lines, bytes } = dropped;
    if (lines === 0) return;
    Object.assign(dropped, { lines: 0, bytes: 0 });
    Object.assign(tails, { stdout: NOTHING, stderr: NOTHING });
    report(
      `The process wrote too much at once: ${lines} lines (${(bytes / 1e6).toFixed(1)} MB) were dropped.`,
    );
  }

  /** Adds the very end of the dropped output, which may say why the process crashed. */
  function keepTails(): void {
    const kept = STREAMS.map((source) => {
      const tail = tails[source];
      // The first line of a full buffer may have lost its beginning.
      const lines = tail.length < TAIL_BYTES ? tail : tail.subarray(tail.indexOf(NEWLINE) + 1);
      dropped.bytes -= lines.length;
      return { source, lines: linesIn(lines) };
    });
    for (const { lines } of kept) dropped.lines -= lines.length;
    reportDropped();
    for (const { source, lines } of kept)
      for (const line of lines) keep(source, textOf(lastShown(line), redact));
  }

  function finish(source: Stream): void {
    const { parts } = unfinished[source];
    unfinished[source] = emptyLine();
    reportDropped();
    const text = textOf(Buffer.concat(parts), redact);
    budget.lines -= 1;
    budget.bytes -= Buffer.byteLength(text) + 1;
    keep(source, text);
  }

  function append(source: Stream, bytes: Uint8Array): void {
    const line = unfinished[source];
    const part = lastShown(bytes);
    // A progress bar may return to its start for hours: what it has written over is not kept.
    if (part.length < bytes.length || isReturned(line, part)) Object.assign(line, { parts: [], kept: 0 });
    const room = LINE_BYTES - line.kept;
    // Copied, because the chunk that it is a view of may be much larger.
    if (room > 0 && part.length > 0) line.parts.push(part.slice(0, room));
    line.kept += Math.min(Math.max(room, 0), part.length);
    line.bytes += bytes.length;
  }

  /** Returns the milliseconds until more may be read. */
  function tooFast(bytes: number): number {
    const at = now();
    // A clock that is set back would have the process wait until it is that late again.
    if (at < window.from || at - window.from >= 1000) Object.assign(window, { from: at, bytes: 0 });
    window.bytes += bytes;
    return window.bytes > READ_BYTES_PER_SECOND ? window.from + 1000 - at : 0;
  }

  return {
    write(chunk, source) {
      refill();
      let from = 0;
      for (let to = chunk.indexOf(NEWLINE); to >= 0 && !isSpent(); to = chunk.indexOf(NEWLINE, from)) {
        append(source, chunk.subarray(from, to));
        finish(source);
        from = to + 1;
      }
      const last = chunk.lastIndexOf(NEWLINE) + 1;
      if (last > from) {
        drop(chunk.subarray(from, last), source);
        from = last;
      }
      append(source, chunk.subarray(from));
      const wait = tooFast(chunk.length);
      return wait > 0 ? pause(wait) : undefined;
    },
    end() {
      refill();
      keepTails();
      for (const source of STREAMS) if (unfinished[source].bytes > 0) finish(source);
    },
    report,
  };
}

function linesIn(bytes: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = [];
  for (let from = 0; ; ) {
    const to = bytes.indexOf(NEWLINE, from);
    if (to < 0) return lines;
    lines.push(bytes.subarray(from, to));
    from = to + 1;
  }
}

const emptyLine = () => ({ parts: [] as Uint8Array[], kept: 0, bytes: 0 });

/** What a terminal shows of a line that returns to its start and is written anew: the last of what was written. */
function lastShown(line: Uint8Array): Uint8Array {
  let end = line.length;
  while (end > 0 && line[end - 1] === RETURN) end -= 1;
  return end === 0 ? line : line.subarray(line.lastIndexOf(RETURN, end - 1) + 1);
}

/** Whether what follows is written over what is kept of the line. */
const isReturned = ({ parts }: ReturnType<typeof emptyLine>, next: Uint8Array): boolean =>
  parts.at(-1)?.at(-1) === RETURN && next.some((byte) => byte !== RETURN);

/** Commands to the terminal that hold a text, such as its title. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this must find.
const TITLES = /\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)/g;

/** Escape sequences are removed first, because one inside a secret would hide it from the redactor. */
function textOf(bytes: Uint8Array, redact: Redact): string {
  const untitled = new TextDecoder().decode(bytes).replace(TITLES, "");
  const plain = stripVTControlCharacters(untitled).replace(/(?!\t)\p{Cc}/gu, "");
  const text = redact(plain);
  return text.length > LINE_CHARACTERS ? `${text.slice(0, LINE_CHARACTERS)}…` : text;
}

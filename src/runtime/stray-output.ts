// Filters what integrations write directly to this process's outputs: whole lines only, without secrets and without
// terminal control sequences. Heddle's own lines bypass this, because they may be coloured.

import { escaped } from "../log-error.ts";
import type { Redact } from "../redact.ts";

type Output = NodeJS.WriteStream;

const OWN = Symbol("Heddle's own");
const BARE = Symbol("as it was");

type Write = Output["write"];

/** The writer for Heddle's own lines. */
export function ownWrite(output: Output): Write {
  const write = output.write as Write & { [OWN]?: Write };
  return write[OWN] ?? (write.bind(output) as Write);
}

/** The unfiltered writer, for showing a secret to its owner. */
export function bareWrite(output: Output): Write {
  const write = output.write as Write & { [BARE]?: Write };
  return write[BARE] ?? (write.bind(output) as Write);
}

/** Applies to the rest of the process, or until the returned function is called. */
export function redactOutputs(redact: Redact): () => void {
  const undo = [process.stdout, process.stderr].map((output) => redactOutput(output, redact));
  return () => {
    for (const one of undo) one();
  };
}

function redactOutput(output: Output, redact: Redact): () => void {
  const { write } = output;
  const under = ownWrite(output);
  const bare = bareWrite(output);
  const own = (chunk: string | Uint8Array, ...rest: unknown[]) =>
    Reflect.apply(under, output, [typeof chunk === "string" ? redact(chunk) : chunk, ...rest]);
  const lines = createLines((line) => own(`${harmless(redact(line))}\n`));
  const strays = (chunk: string | Uint8Array, ...rest: unknown[]) => {
    const [encoding] = rest;
    lines.take(
      typeof chunk === "string" && typeof encoding === "string"
        ? Buffer.from(chunk, encoding as BufferEncoding)
        : chunk,
    );
    const done = rest.find((one) => typeof one === "function") as (() => void) | undefined;
    if (done) queueMicrotask(done);
    return true;
  };
  output.write = Object.assign(strays, { [OWN]: own, [BARE]: bare }) as Write;
  return () => {
    lines.flush();
    if ((output.write as unknown) === strays) output.write = write;
  };
}

/**
 * Escapes control characters, but keeps tabs (tables contain them) and drops the carriage return of a Windows line end.
 */
const harmless = (line: string): string => line.replace(/\r$/, "").split("\t").map(escaped).join("\t");

/** Characters; a longer line is emitted in parts. */
const MAX_LINE_LENGTH = 64 * 1024;
/** A line written in pieces is usually complete by then. */
const PIECES_MS = 250;

/** Joins chunks into lines: a secret written in pieces is recognised only once they are joined. */
function createLines(emit: (line: string) => void) {
  const decoder = new TextDecoder();
  let pending: string[] = [];
  let length = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    if (length === 0) return;
    const line = pending.join("");
    pending = [];
    length = 0;
    emit(line);
  }

  function add(piece: string): void {
    pending.push(piece);
    length += piece.length;
    if (length > MAX_LINE_LENGTH) flush();
  }

  return {
    flush,
    take(chunk: string | Uint8Array): void {
      const text = typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true });
      const pieces = text.split("\n");
      const last = pieces.pop() ?? "";
      for (const piece of pieces) {
        add(piece);
        // An empty line must be emitted as well.
        if (length === 0) emit("");
        flush();
      }
      if (last !== "") add(last);
      if (length > 0 && timer === undefined) {
        timer = setTimeout(flush, PIECES_MS);
        timer.unref();
      }
    },
  };
}

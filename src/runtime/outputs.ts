// Bun has its own outputs to write to a process's outputs. This routes them through Node's streams, which are filtered.

import { isBun } from "./host.ts";

type Data = Parameters<typeof Bun.write>[1];

/** Applies to the rest of the process, or until the returned function is called. */
export function routeToStreams(): () => void {
  if (!isBun) return () => {};
  const { write, file, stdout, stderr } = Bun;
  const { write: print } = console;
  const outputs = [
    { output: stdout, stream: process.stdout, fd: 1 },
    { output: stderr, stream: process.stderr, fd: 2 },
  ];
  const outputOf = (to: unknown) => outputs.find(({ output, fd }) => to === output || to === fd);

  const writeRouted = async (to: unknown, data: Data, ...rest: unknown[]): Promise<number> => {
    const known = outputOf(to);
    if (!known) return Reflect.apply(write, Bun, [to, data, ...rest]) as Promise<number>;
    const bytes = new Uint8Array(await new Response(data as Blob).arrayBuffer());
    known.stream.write(bytes);
    return bytes.byteLength;
  };
  Object.assign(Bun, {
    write: writeRouted,
    file: (from: unknown, ...rest: unknown[]) =>
      outputOf(from)?.output ?? Reflect.apply(file, Bun, [from, ...rest]),
  });
  console.write = (...chunks) =>
    chunks.reduce((sum: number, chunk) => sum + sinkOf(process.stdout).write(chunk), 0);
  for (const { output, stream } of outputs) {
    Object.defineProperties(output, {
      write: { value: (data: Data) => writeRouted(output, data), configurable: true },
      writer: { value: () => sinkOf(stream), configurable: true },
    });
  }
  return () => {
    Object.assign(Bun, { write, file });
    console.write = print;
    for (const { output } of outputs)
      for (const name of ["write", "writer"]) Reflect.deleteProperty(output, name);
  };
}

/** A FileSink that writes to a Node stream. */
function sinkOf(stream: NodeJS.WriteStream) {
  return {
    write(chunk: string | ArrayBufferView | ArrayBuffer): number {
      const bytes =
        typeof chunk === "string"
          ? Buffer.from(chunk)
          : ArrayBuffer.isView(chunk)
            ? new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength)
            : new Uint8Array(chunk);
      stream.write(bytes);
      return bytes.byteLength;
    },
    start: () => undefined,
    flush: () => 0,
    end: () => 0,
    ref: () => undefined,
    unref: () => undefined,
  };
}

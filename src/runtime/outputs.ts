// Bun has ways of its own to write to the outputs of a process. They are led to the streams of Node, which are watched.

import { isBun } from "./host.ts";

type Data = Parameters<typeof Bun.write>[1];

/** For the rest of the process, or until what it returns is called. */
export function leadToStreams(): () => void {
  if (!isBun) return () => {};
  const { write, file, stdout, stderr } = Bun;
  const { write: print } = console;
  const ways = [
    { output: stdout, stream: process.stdout, fd: 1 },
    { output: stderr, stream: process.stderr, fd: 2 },
  ];
  const wayOf = (to: unknown) => ways.find(({ output, fd }) => to === output || to === fd);

  const led = async (to: unknown, data: Data, ...rest: unknown[]): Promise<number> => {
    const way = wayOf(to);
    if (!way) return Reflect.apply(write, Bun, [to, data, ...rest]) as Promise<number>;
    const bytes = new Uint8Array(await new Response(data as Blob).arrayBuffer());
    way.stream.write(bytes);
    return bytes.byteLength;
  };
  Object.assign(Bun, {
    write: led,
    file: (from: unknown, ...rest: unknown[]) =>
      wayOf(from)?.output ?? Reflect.apply(file, Bun, [from, ...rest]),
  });
  console.write = (...chunks) =>
    chunks.reduce((sum: number, chunk) => sum + sinkOf(process.stdout).write(chunk), 0);
  for (const { output, stream } of ways) {
    Object.defineProperties(output, {
      write: { value: (data: Data) => led(output, data), configurable: true },
      writer: { value: () => sinkOf(stream), configurable: true },
    });
  }
  return () => {
    Object.assign(Bun, { write, file });
    console.write = print;
    for (const { output } of ways)
      for (const name of ["write", "writer"]) Reflect.deleteProperty(output, name);
  };
}

/** What a FileSink can do. */
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

// Records what an integration's own code starts while its files load: timers, servers, connections, programs. A server loads
// the files again after each edit, and nothing would end what the version before has started.

import { ChildProcess } from "node:child_process";
import type { EventEmitter } from "node:events";
import { Server as HttpServer } from "node:http";
import { Server, Socket } from "node:net";

interface Watched {
  on: object;
  name: string;
  /** How the author writes it. */
  written: string;
  stop(started: never): void;
  /** Also if a package has called it for the author's code, while a timer of a package is its own affair. */
  throughPackages?: boolean;
}

const clear = (timer: ReturnType<typeof setTimeout>): void => clearTimeout(timer);

/** Made when it is needed, because Deno has no Bun. */
const watchedCalls = (): Watched[] => [
  { on: globalThis, name: "setInterval", written: "setInterval", stop: clear },
  { on: globalThis, name: "setTimeout", written: "setTimeout", stop: clear },
  {
    on: globalThis,
    name: "WebSocket",
    written: "WebSocket",
    stop: (socket: WebSocket) => socket.close(),
    throughPackages: true,
  },
  { on: globalThis, name: "Worker", written: "Worker", stop: (worker: Worker) => worker.terminate() },
  {
    on: Bun,
    name: "serve",
    written: "Bun.serve",
    stop: (server: Bun.Server<unknown>) => void server.stop(true),
    throughPackages: true,
  },
  { on: Bun, name: "spawn", written: "Bun.spawn", stop: (child: Bun.Subprocess) => child.kill() },
  ...[Server.prototype, HttpServer.prototype].map((on) => ({
    on,
    name: "listen",
    written: ".listen",
    stop: (server: Server) => void server.close(),
    throughPackages: true,
  })),
  {
    on: Socket.prototype,
    name: "connect",
    written: "connect",
    stop: (socket: Socket) => void socket.destroy(),
    throughPackages: true,
  },
  {
    on: ChildProcess.prototype,
    name: "spawn",
    written: "spawn",
    stop(this: void, _code: number) {},
  },
];

/** Calls `run`, adds what was started to `calls`, as the author writes it, and stops that afterwards. */
export async function recordStarts<Result>(
  calls: string[],
  isOwn: (frame: string) => boolean,
  run: () => Promise<Result>,
): Promise<Result> {
  const started: (() => void)[] = [];
  const depth = { now: 0 };
  const restore = watchedCalls().map((watched) =>
    replace(watched, depth, (stop) => {
      const own = callers();
      const isCalled = watched.throughPackages ? own.some(isOwn) : isOwn(own[0] ?? "");
      if (!isCalled) return;
      calls.push(watched.written);
      started.push(stop);
    }),
  );
  try {
    return await run();
  } finally {
    for (const put of restore) put();
    for (const stop of started) stop();
  }
}

/** Replaces a function or a class by one that tells of each call, before its caller goes on. Returns what undoes it. */
function replace(
  { on, name, stop }: Watched,
  depth: { now: number },
  tell: (stop: () => void) => void,
): () => void {
  const target = on as Record<string, (...given: unknown[]) => unknown>;
  const platform = target[name];
  if (platform === undefined) return () => {};
  const noted = <Made>(make: () => Made): Made => {
    // The runtime makes some of them by others of them.
    const isInner = depth.now++ > 0;
    let made: Made;
    try {
      made = make();
    } finally {
      depth.now--;
    }
    if (!isInner) tell(() => stop(made as never));
    // Without a network it fails, which is no news.
    if (isEmitter(made)) made.on("error", () => {});
    return made;
  };
  target[name] = new Proxy(platform, {
    apply: (call, self, given) => noted(() => Reflect.apply(call, self, given)),
    construct: (made, given, as) => noted(() => Reflect.construct(made, given, as) as object),
  });
  return () => {
    target[name] = platform;
  };
}

const isEmitter = (made: unknown): made is EventEmitter =>
  typeof made === "object" && made !== null && typeof (made as EventEmitter).on === "function";

/** The frames of the calls that led here, without those of the runtime and of this file. */
function callers(): string[] {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 50;
  const frames = new Error().stack?.split("\n").slice(1) ?? [];
  Error.stackTraceLimit = stackTraceLimit;
  return frames.filter(
    (frame) =>
      /[/\\]/.test(frame) && !frame.includes(import.meta.path) && !/\((?:node|bun|internal):/.test(frame),
  );
}

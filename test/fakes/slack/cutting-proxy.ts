// A proxy in front of a server that can swallow what its open connections carry, as a network does that has vanished.

import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

export interface CuttingProxy {
  port: number;
  /** From now on the connections that are open carry nothing, and nobody is told. New ones work. */
  cut(): void;
  stop(): void;
}

export async function startCuttingProxy(target: number): Promise<CuttingProxy> {
  const open = new Map<Socket, Socket>();
  const server = createServer((from) => {
    const to = connect(target, "127.0.0.1");
    open.set(from, to);
    for (const [one, other] of [
      [from, to],
      [to, from],
    ] as const) {
      one.on("data", (bytes) => other.write(bytes));
      one.on("error", () => other.destroy());
      one.on("close", () => {
        open.delete(from);
        other.destroy();
      });
    }
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as { port: number }).port,
    cut() {
      for (const pair of open)
        for (const socket of pair) socket.removeAllListeners("data").on("data", () => {});
    },
    stop() {
      for (const pair of open) for (const socket of pair) socket.destroy();
      server.close();
    },
  };
}

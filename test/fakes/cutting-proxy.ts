// A proxy in front of a server, which stands for the network: it can drop connections, or swallow what they carry.

import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

export interface CuttingProxy {
  port: number;
  /** How many connections there have been. */
  connections: number;
  /** From now on the connections that are open carry nothing, not even that the other side has closed them. New ones work. */
  cut(): void;
  /** Ends the connections that are open. */
  drop(): void;
  stop(): void;
}

export async function startCuttingProxy(target: number): Promise<CuttingProxy> {
  const open = new Map<Socket, Socket>();
  const dead = new Set<Socket>();
  const server = createServer((from) => {
    proxy.connections += 1;
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
  const drop = () => {
    for (const pair of open) for (const socket of pair) socket.destroy();
    for (const socket of dead) socket.destroy();
  };
  const proxy: CuttingProxy = {
    port: (server.address() as { port: number }).port,
    connections: 0,
    cut() {
      for (const socket of [...open].flat()) {
        dead.add(socket);
        for (const event of ["data", "close", "error"]) socket.removeAllListeners(event);
        socket.on("data", () => {}).on("error", () => {});
      }
      open.clear();
    },
    drop,
    stop() {
      drop();
      server.close();
    },
  };
  return proxy;
}

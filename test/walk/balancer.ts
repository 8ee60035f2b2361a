// Sends each connection to one of several servers in turn, and past those that are not there.

import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

export async function startBalancer(
  servers: (() => string)[],
): Promise<{ url: string; stop(): Promise<void> }> {
  const open = new Set<Socket>();
  let turn = 0;
  const balancer = createServer((from) => {
    open.add(from);
    from.on("close", () => open.delete(from));
    from.on("error", () => from.destroy());
    const first = turn++;
    const ports = servers.map((_, at) =>
      Number(new URL(servers[(first + at) % servers.length]?.() ?? "").port),
    );
    pass(from, ports);
  }).listen(0, "127.0.0.1");
  await once(balancer, "listening");
  const { port } = balancer.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      for (const socket of open) socket.destroy();
      balancer.close();
    },
  };
}

function pass(from: Socket, [port, ...others]: number[]): void {
  if (port === undefined) {
    from.destroy();
    return;
  }
  const to = connect(port, "127.0.0.1");
  const onRefused = () => pass(from, others);
  to.once("error", onRefused);
  to.once("connect", () => {
    to.off("error", onRefused);
    to.on("error", () => from.destroy());
    to.on("close", () => from.destroy());
    from.on("close", () => to.destroy());
    from.pipe(to);
    to.pipe(from);
  });
}

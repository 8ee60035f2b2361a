// A real MQTT broker: Debian's mosquitto, with a password, and sessions that outlive a restart.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectAsync } from "mqtt";
import { until } from "../until.ts";

export const hasBroker = Bun.which("mosquitto") !== null;
export const BROKER_USER = { username: "heddle", password: "password-of-the-mqtt-test" };

export interface Broker {
  port: number;
  /** Publishes with QoS 1. */
  /** With QoS 1 by default, so that it is kept for who is away. */
  publish(topic: string, payload: unknown, options?: { qos: 0 | 1 }): Promise<void>;
  restart(options?: { forgetSessions?: boolean }): Promise<void>;
  stop(): Promise<void>;
}

export async function startBroker(): Promise<Broker> {
  const dir = await mkdtemp(join(tmpdir(), "heddle-mqtt-"));
  const port = await freePort();
  const passwords = join(dir, "passwords");
  spawnSync("mosquitto_passwd", ["-c", "-b", passwords, BROKER_USER.username, BROKER_USER.password]);
  const config = join(dir, "mosquitto.conf");
  const lines = (isPersistent: boolean) => [
    `listener ${port} 127.0.0.1`,
    `password_file ${passwords}`,
    "allow_anonymous false",
    // Started as root, it would become a user that may not read the files of this test.
    "user root",
    `persistence ${isPersistent}`,
    `persistence_location ${dir}/`,
  ];
  let child: ChildProcess;

  async function start(): Promise<void> {
    child = spawn("mosquitto", ["-c", config], { stdio: "ignore" });
    await until(
      () =>
        connect()
          .then((client) => client.endAsync())
          .then(
            () => true,
            () => false,
          ),
      (isUp) => isUp,
    );
  }
  async function end(): Promise<void> {
    const exited = once(child, "exit");
    child.kill("SIGTERM");
    await exited;
  }
  const connect = () =>
    connectAsync(
      `mqtt://127.0.0.1:${port}`,
      { ...BROKER_USER, reconnectPeriod: 0, connectTimeout: 2_000 },
      false,
    );

  await writeFile(config, `${lines(true).join("\n")}\n`);
  await start();
  return {
    port,
    async publish(topic, payload, { qos } = { qos: 1 }) {
      const client = await connect();
      const text = typeof payload === "string" ? payload : JSON.stringify(payload);
      await client.publishAsync(topic, text, { qos });
      await client.endAsync();
    },
    async restart({ forgetSessions = false } = {}) {
      await end();
      if (forgetSessions) await rm(join(dir, "mosquitto.db"), { force: true });
      await start();
    },
    async stop() {
      await end();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}

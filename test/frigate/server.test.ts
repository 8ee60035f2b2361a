// Frigate at a whole server: a real broker, a real process that is killed, Frigate's API as a fake.

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { oneDatabase } from "../database.ts";
import { ask, killAll, launch } from "../faults/process.ts";
import { until } from "../until.ts";
import { BROKER_USER, type Broker, hasBroker, startBroker } from "./broker.ts";
import { type FakeFrigate, startFakeFrigate, USER } from "./fake-frigate.ts";

setDefaultTimeout(120_000);

if (hasBroker)
  oneDatabase("Frigate", (open) => {
    let broker: Broker;
    let frigate: FakeFrigate;
    let environment: Record<string, string>;
    let url: string;

    beforeAll(async () => {
      [broker, frigate] = [await startBroker(), startFakeFrigate()];
      const { home, databaseUrl } = await open.place();
      environment = {
        ...(databaseUrl !== undefined && { DATABASE_URL: databaseUrl }),
        ...{ HEDDLE_HOME: home, PORT: "0", UNATTENDED_RUNS_PER_HOUR: "0" },
        ...{ FRIGATE_URL: frigate.url, FRIGATE_USER: USER.user, FRIGATE_PASSWORD: USER.password },
        ...{ FRIGATE_MQTT_BROKER: "127.0.0.1", FRIGATE_MQTT_PORT: String(broker.port) },
        ...{ FRIGATE_MQTT_USERNAME: BROKER_USER.username, FRIGATE_MQTT_PASSWORD: BROKER_USER.password },
        ...{ FRIGATE_MQTT_COOLDOWN: "0", FRIGATE_MOST_PER_HOUR: "1000" },
      };
      await start();
    });
    afterAll(async () => {
      await killAll();
      await broker.stop();
      frigate.stop();
    });

    async function start(): Promise<void> {
      const heddle = launch({ environment });
      url = await heddle.started;
    }
    const connection = async () =>
      (await ask(url, "/api/v1/integrations/frigate/connections")).connections[0] as
        | { status: string; detail: string }
        | undefined;
    const connected = () =>
      until(connection, (found) => found?.status === "connected" && found.detail.startsWith("as "));
    const review = (id: string, severity = "alert", start = Date.now() / 1000) => ({
      ...{ id, camera: "door", start_time: start, end_time: null, severity, thumb_path: `/media/${id}.webp` },
      data: { objects: ["person"], sub_labels: [], zones: ["porch"], audio: [], detections: [`${id}-e`] },
    });
    const send = (after: object, type = "new") =>
      broker.publish("frigate/reviews", { type, before: after, after });
    /** The reviews that runs have answered, in order. */
    async function answered(): Promise<string[]> {
      const { tasks } = await ask(url, "/api/v1/tasks?limit=200&status=complete");
      const texts = await Promise.all(
        tasks.map(async ({ session_id, message_id }: { session_id: string; message_id: string }) => {
          const messages = await ask(url, `/api/v1/sessions/${session_id}/messages?limit=500`);
          return messages.find(({ id }: { id: string }) => id === message_id).content as string;
        }),
      );
      return texts.map((text) => /^Review: (\S+)$/m.exec(text)?.[1] ?? text).sort();
    }

    test("an alert starts one run, however often it is reported; a detection starts none until it is an alert", async () => {
      await connected();
      await send(review("a1"));
      await send(review("a1"), "update");
      await send(review("d1", "detection"));
      await send(review("d1", "alert"), "update");
      await send(review("d2", "detection"));
      expect(await until(answered, (ids) => ids.length >= 2)).toEqual(["a1", "d1"]);
      await broker.publish("frigate/reviews", "not JSON");
      await broker.publish("frigate/available", "offline");
      expect(await until(connection, (found) => found?.status === "degraded")).toMatchObject({
        detail: "Frigate is offline.",
      });
      await broker.publish("frigate/available", "online");
      await connected();
    });

    test("what happens while the broker is away is told once, by nobody's hand", async () => {
      // These never reach the broker; Frigate has them.
      await broker.restart({ forgetSessions: true });
      frigate.reviews.push(review("lost1"), review("lost2"), review("a1"), review("quiet", "detection"));
      const before = Date.now() / 1000 - 600;
      // It was a detection when Heddle last heard of it.
      frigate.reviews.push(review("d2", "alert", before));
      // This was over by then.
      frigate.reviews.push({ ...review("past", "alert", before), end_time: before + 30 });
      const ids = await until(answered, (found) => found.length >= 5);
      expect(ids).toEqual(["a1", "d1", "d2", "lost1", "lost2"]);
      expect(frigate.asked.length).toBeGreaterThan(0);
    });

    test("the connection can be tested, and a refused password is told to people", async () => {
      const admin = (path: string, body: object, method = "POST") =>
        fetch(`${url}${path}`, {
          method,
          headers: {
            authorization: "Bearer admin-key-of-the-fault-tests",
            "content-type": "application/json",
          },
          body: JSON.stringify(body),
        });
      const tested = await admin("/api/v1/admin/integrations/frigate/test-connection", {});
      expect(JSON.stringify(await tested.json())).toContain("Frigate 0.17.1-abc has 2 cameras.");
      await admin(
        "/api/v1/admin/integrations/frigate/settings",
        { settings: { FRIGATE_MQTT_PASSWORD: "another-password-altogether" } },
        "PUT",
      );
      const refused = await until(connection, (found) => found?.status === "reauth_required");
      expect(refused?.detail).toContain("The broker does not accept");
      const { repairs } = await ask(url, "/api/v1/repairs");
      expect(repairs.map(({ kind }: { kind: string }) => kind)).toContain("connection_unauthorized");
    });
  });

// Places where nobody writes: cameras, a home, a service's webhooks. What a bot says of them goes to a person's chat.

import { createHmac } from "node:crypto";
import { startCuttingProxy } from "../fakes/cutting-proxy.ts";
import { ADA, startFakeHome, TOKEN } from "../fakes/homeassistant.ts";
import { BROKER_USER, startBroker } from "../frigate/broker.ts";
import { startFakeFrigate, USER } from "../frigate/fake-frigate.ts";
import { until } from "../until.ts";
import type { Heddle } from "./heddle.ts";
import type { Subject } from "./subject.ts";
import { type Ear, telegramEar } from "./telegram-ear.ts";

const DOOR = "frigate:door";
const SENSOR = "sensor.walk";

export async function home(): Promise<Subject[]> {
  const ear = telegramEar();
  const told: Told = {
    ...{ approver: ear.approver, answers: ear.answers, progress: ear.progress },
    mayDouble: "Telegram, where it is told, knows no keys.",
    question: (text) => ear.question(text),
    decide: (_text, question) => ear.press(question),
  };
  const [cameras, house] = [await frigate(told), await homeAssistant(ear)];
  let isListening: Promise<void> | undefined;
  /** Once, for all. */
  const listen = (heddle: Heddle) => {
    isListening ??= ear.listen(heddle, [
      { integration: "frigate", clientId: DOOR },
      { integration: "homeassistant", clientId: `homeassistant:${SENSOR}` },
    ]);
    return isListening;
  };
  const hook = webhook(ear, listen);
  return [
    { ...cameras, prepare: listen },
    { ...house, prepare: listen },
    { ...hook, stop: () => ear.stop() },
  ] as Subject[];
}

type Told = Pick<Subject<string>, "answers" | "progress" | "approver" | "mayDouble" | "question" | "decide">;

/** `told` is where its answers are heard. */
export async function frigate(told: Told): Promise<Subject<string>> {
  const [broker, api] = [await startBroker(), startFakeFrigate()];
  const proxy = await startCuttingProxy(broker.port);
  let reviews = 0;
  return {
    ...{ name: "Frigate", integration: "frigate", connection: "mqtt", lacks: {}, ...told },
    settings: {
      ...{ FRIGATE_URL: api.url, FRIGATE_USER: USER.user, FRIGATE_PASSWORD: USER.password },
      ...{ FRIGATE_MQTT_BROKER: "127.0.0.1", FRIGATE_MQTT_PORT: String(proxy.port) },
      ...{ FRIGATE_MQTT_USERNAME: BROKER_USER.username, FRIGATE_MQTT_PASSWORD: BROKER_USER.password },
      ...{ FRIGATE_MQTT_COOLDOWN: "0", FRIGATE_MOST_PER_HOUR: "1000" },
    },
    async tell(text) {
      const id = `review-${++reviews}`;
      const after = {
        ...{ id, camera: "door", start_time: Date.now() / 1000, end_time: null, severity: "alert" },
        thumb_path: `/media/${id}.webp`,
        data: { objects: ["person"], sub_labels: [text], zones: [], audio: [], detections: [`${id}-e`] },
      };
      api.reviews.push(after);
      // As Frigate publishes unless it is told otherwise: brokers keep nothing of it.
      await broker.publish("frigate/reviews", { type: "new", before: after, after }, { qos: 0 });
      return text;
    },
    ...{ cut: proxy.cut, drop: proxy.drop },
    async stop() {
      proxy.stop();
      api.stop();
      await broker.stop();
    },
  };
}

/** Changes are told in the chat; questions of automations are answered on a phone, where there are the buttons, too. */
async function homeAssistant(ear: Ear): Promise<Subject<string>> {
  const fake = startFakeHome();
  const proxy = await startCuttingProxy(Number(new URL(fake.url).port));
  fake.change(SENSOR, "nothing");
  const texts = () => fake.called.map(({ data }) => JSON.stringify(data));
  return {
    ...{ name: "Home Assistant", integration: "homeassistant", connection: "events" },
    // A home tells how things are, not how they were.
    many: 1,
    ...{
      approver: `homeassistant:${ADA}`,
      lacks: {},
      mayDouble: "Telegram, where it is told, knows no keys.",
    },
    settings: {
      ...{ HOMEASSISTANT_URL: `http://127.0.0.1:${proxy.port}`, HOMEASSISTANT_TOKEN: TOKEN },
      ...{ HOMEASSISTANT_ENTITIES: SENSOR, HOMEASSISTANT_COOLDOWN: "0" },
    },
    async tell(text, phase) {
      if (phase === "approval" || phase === "answer")
        fake.fire("heddle_ask", { text, conversation: "hall", notify: "notify.mobile_app_ada" });
      else fake.change(SENSOR, text);
      return text;
    },
    answers: () => [...texts(), ...ear.answers()],
    progress: ear.progress,
    question() {
      const text = texts().find((one) => one.includes("HEDDLE_APPROVE"));
      return text === undefined ? undefined : { text, yes: /HEDDLE_APPROVE_[\w-]+/.exec(text)?.[0] };
    },
    async decide(_told, { yes }) {
      await until(() => fake.subscriptions().length >= 2);
      fake.fire("mobile_app_notification_action", { action: yes }, ADA);
      return "a tap, which is told nothing";
    },
    ...{ cut: proxy.cut, drop: proxy.drop },
    stop() {
      proxy.stop();
      fake.stop();
    },
  };
}

/** A service of one's own, which sends again until it is heard. */
function webhook(ear: Ear, listen: (heddle: Heddle) => Promise<void>): Subject<string> {
  let secret = "";
  let url = () => "";
  async function send(text: string): Promise<string> {
    const body = JSON.stringify({ service: text, id: text });
    const signature = createHmac("sha256", secret).update(body).digest("hex");
    const headers = { "content-type": "application/json", "x-signature": `sha256=${signature}` };
    const sent = () =>
      fetch(`${url()}/integrations/webhook/deploys`, { method: "POST", headers, body }).then(
        ({ status }) => status === 200,
        () => false,
      );
    if (!(await sent()))
      void until(sent, Boolean, { everyMs: 1_000, withinSeconds: 80 }).then(sent, () => undefined);
    else await sent();
    return text;
  }
  return {
    ...{ name: "Webhook", integration: "webhook", settings: {}, approver: ear.approver },
    lacks: { cut: "The sender's connections are short.", drop: "The sender's connections are short." },
    mayDouble: "Telegram, where it answers, knows no keys.",
    async prepare(heddle) {
      await listen(heddle);
      url = heddle.url;
      const endpoint = {
        ...{ name: "deploys", verifier: { scheme: "hmac", header: "x-signature", prefix: "sha256=" } },
        ...{ prompt_template: "A deployment of {{service}} failed.", dispatch_config: ear.target },
      };
      secret = (await heddle.route("/webhook/endpoints", endpoint)).secret;
    },
    tell: send,
    ...{ answers: ear.answers, progress: ear.progress },
    question: (told) => ear.question(told),
    decide: (_told, question) => ear.press(question),
    stop: () => undefined,
  };
}

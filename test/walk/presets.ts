// Endpoints of the generic webhook with a preset, before each of the services that there are presets for. Their answers go to a person's chat.

import { WEBHOOK_SENDERS, type WebhookSender } from "../fakes/webhook-senders.ts";
import type { Heddle } from "./heddle.ts";
import type { Subject } from "./subject.ts";
import { type Ear, telegramEar } from "./telegram-ear.ts";

export async function presets(): Promise<Subject[]> {
  const ear = telegramEar();
  let isListening: Promise<void> | undefined;
  /** Once, for all. */
  const listen = (heddle: Heddle) => {
    isListening ??= ear.listen(heddle, []);
    return isListening;
  };
  const subjects = WEBHOOK_SENDERS.map((sender) => endpointOf(sender, ear, listen));
  return subjects.map((subject, at) => ({ ...subject, stop: () => at === 0 && ear.stop() }) as Subject);
}

const SHORT = "The sender's connections are short.";

function endpointOf(
  sender: WebhookSender,
  ear: Ear,
  listen: (heddle: Heddle) => Promise<void>,
): Omit<Subject<string>, "stop"> {
  const { preset, makes, send } = sender;
  const name = `from-${preset}`;
  let to = () => ({ url: "", secret: "" });
  return {
    ...{ name: `Webhook of ${preset}`, integration: "webhook", settings: {}, approver: ear.approver },
    // They share one chat, in which Telegram takes one message a second.
    many: 10,
    lacks: { cut: SHORT, drop: SHORT },
    mayDouble: "Telegram, where it answers, knows no keys.",
    async prepare(heddle) {
      await listen(heddle);
      const known = await heddle.route("/webhook/endpoint-presets");
      const { sample, sender_makes_secret } = known.presets.find(
        (one: { name: string }) => one.name === preset,
      );
      if (sender_makes_secret !== (makes !== undefined))
        throw new Error(`Who makes the secret of ${preset}?`);
      const endpoint = { name, preset, dispatch_config: ear.target, ...(makes && { secrets: [makes] }) };
      const made = await heddle.route("/webhook/endpoints", endpoint);
      const secret: string = makes ?? made.secret;
      to = () => ({ url: `${heddle.url()}/integrations/webhook/${name}`, secret });
      const tested = await heddle.route(`/webhook/endpoints/${name}/test`, { body: sample });
      if (!JSON.stringify(tested).includes('"processed"'))
        throw new Error(`The sample of ${preset} was answered ${JSON.stringify(tested)}`);
    },
    async tell(text, phase) {
      const heard = send(text, to());
      // The server is away, and is back later.
      if (phase === "kill -9" || phase === "outage")
        heard.catch((error) => console.error(`${preset}: ${error}`));
      else await heard;
      return text;
    },
    ...{ answers: ear.answers, progress: ear.progress },
    question: (told) => ear.question(told),
    decide: (_told, question) => ear.press(question),
  };
}

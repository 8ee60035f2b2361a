// What happens at the services while the server is down, and while it is killed as it catches up: all of it is handled once, by nobody's hand.

import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { LLMock } from "@copilotkit/aimock";
import { signWebhook } from "../src/sdk/signatures/descriptor.ts";
import { oneDatabase } from "./database.ts";
import { createFakeNtfy } from "./fakes/ntfy.ts";
import { createFakeTelegram, PERSON } from "./fakes/telegram.ts";
import { ADMIN_KEY, ask, type HeddleProcess, killAll, lapse, launch } from "./faults/process.ts";
import { BROKER_USER, hasBroker, startBroker } from "./frigate/broker.ts";
import { startFakeFrigate, USER } from "./frigate/fake-frigate.ts";
import { createFakeGitHub } from "./github/fake-github.ts";
import { hasDovecot, MAILBOX, startDovecot } from "./mail/dovecot.ts";
import { startSmtp } from "./mail/smtp.ts";
import { until } from "./until.ts";

setDefaultTimeout(120_000);
afterAll(killAll);

/** Whole lists are asked for, which take the server's time. */
const PATIENT = { everyMs: 250, withinSeconds: 100 };
const SECRET = "secret-of-the-catch-up-test";
const numbers = (count: number) => Array.from({ length: count }, (_, number) => number);
/** What each service is told, by the mark that it has in its text. */
const MARKS = {
  github: numbers(50).map((number) => `github-${number}`),
  mail: numbers(20).map((number) => `mail-${number}`),
  telegram: numbers(20).map((number) => `telegram-${number}`),
  ntfy: numbers(20).map((number) => `ntfy-${number}`),
  frigate: numbers(20).map((number) => `frigate-${number}`),
};
const ALL = Object.values(MARKS).flat();

/** GitHub as far as an organisation's webhook goes: it says what it could not deliver, and delivers it again when it is asked. */
function webhookOf(github: ReturnType<typeof createFakeGitHub>, server: () => string, log: Delivery[]) {
  const bodies = new Map<string, string>();
  async function send(guid: string): Promise<void> {
    const body = bodies.get(guid) ?? "";
    const signed = signWebhook(body, { scheme: "github", secret: SECRET }, { event: "issues", id: guid });
    const hook = {
      "x-github-hook-id": "7",
      "x-github-hook-installation-target-type": "organization",
    };
    const response = await fetch(`${server()}/integrations/github/webhook`, {
      method: "POST",
      headers: { ...signed, ...hook },
      body,
    }).catch(() => undefined);
    const at = new Date().toISOString();
    log.unshift({ id: log.length + 1, guid, delivered_at: at, status_code: response?.status ?? 0 });
  }
  github.intercept({ path: /^\/orgs\/octo\/hooks\/7\/deliveries$/, respond: () => Response.json(log) });
  github.intercept({
    path: /^\/orgs\/octo\/hooks\/7\/deliveries\/\d+\/attempts$/,
    respond({ path }) {
      const id = Number(path.split("/").at(-2));
      void send(log.find((one) => one.id === id)?.guid ?? "");
      return Response.json({}, { status: 202 });
    },
  });
  return (number: number, mark: string): Promise<void> => {
    const author = { login: "ada", id: 7, type: "User" };
    const [owner, name] = ["octo", `repo${number % 10}`];
    bodies.set(
      mark,
      JSON.stringify({
        action: "opened",
        issue: { number, title: mark, body: "", user: author, labels: [] },
        repository: { full_name: `${owner}/${name}`, name, owner: { login: owner } },
        organization: { login: owner },
        sender: author,
      }),
    );
    return send(mark);
  };
}

const letter = (mark: string): string =>
  [
    "Authentication-Results: mx.heddle.test; dmarc=pass header.from=friends.test; spf=pass",
    `Message-ID: <${mark}@friends.test>`,
    "From: Ada <ada@friends.test>",
    `To: ${MAILBOX.user}`,
    `Subject: ${mark}`,
    `Date: ${new Date().toUTCString()}`,
    "",
    `How is ${mark}?`,
    "",
  ].join("\n");

const review = (id: string) => {
  const after = {
    ...{ id, camera: "door", start_time: Date.now() / 1000, end_time: null, severity: "alert" },
    thumb_path: `/media/${id}.webp`,
    data: { objects: ["person"], sub_labels: [], zones: [], audio: [], detections: [`${id}-e`] },
  };
  return { type: "new", before: after, after };
};

if (hasBroker && hasDovecot)
  oneDatabase("after an outage", (open) => {
    test("everything that five services had is handled once, over a kill -9 while it catches up", async () => {
      const { home, databaseUrl } = await open.place();
      const model = new LLMock({ port: 0, journalMaxEntries: 1 });
      model.on({}, { content: "Noted." });
      await model.start();
      const [dovecot, smtp, broker] = await Promise.all([startDovecot(), startSmtp(), startBroker()]);
      const [telegram, ntfy, frigate] = [createFakeTelegram(), createFakeNtfy(), startFakeFrigate()];
      const github = createFakeGitHub({ token: "secret-token" });
      let url = "";
      // GitHub knows one address: it may send something again before a new one would be known here.
      let port = "0";
      const deliveries: Delivery[] = [];
      const gitHubSends = webhookOf(github, () => url, deliveries);
      const start = async (): Promise<HeddleProcess> => {
        if (databaseUrl) await lapse(databaseUrl);
        const server = launch({
          arguments: ["--home", home, "--port", port],
          environment: {
            ...(databaseUrl && { DATABASE_URL: databaseUrl }),
            ...{ OPENAI_BASE_URL: `${model.url}/v1`, OPENAI_API_KEY: "x", ALLOW_PRIVATE_HOSTS: "127.0.0.1" },
            ...{ UNATTENDED_RUNS_PER_HOUR: "0" },
            ...{ GITHUB_TOKEN: "secret-token", GITHUB_API_URL: github.url, GITHUB_WEBHOOK_SECRET: SECRET },
            ...{ GITHUB_BOT_LOGIN: "heddle-bot", GITHUB_REACTIONS: "false" },
            ...{ MAIL_ADDRESS: MAILBOX.user, MAIL_PASSWORD: MAILBOX.pass, MAIL_TLS: "off" },
            ...{ MAIL_IMAP_HOST: "127.0.0.1", MAIL_IMAP_PORT: `${dovecot.port}`, MAIL_POLL_SECONDS: "1" },
            ...{ MAIL_SMTP_HOST: "127.0.0.1", MAIL_SMTP_PORT: `${smtp.port}` },
            ...{ MAIL_AUTHSERV_ID: "mx.heddle.test" },
            ...{ TELEGRAM_BOT_TOKEN: telegram.token, TELEGRAM_API_URL: telegram.url },
            ...{ NTFY_URL: ntfy.url, NTFY_LISTEN: "ops,door" },
            ...{ FRIGATE_URL: frigate.url, FRIGATE_USER: USER.user, FRIGATE_PASSWORD: USER.password },
            ...{ FRIGATE_MQTT_BROKER: "127.0.0.1", FRIGATE_MQTT_PORT: `${broker.port}` },
            ...{ FRIGATE_MQTT_USERNAME: BROKER_USER.username, FRIGATE_MQTT_PASSWORD: BROKER_USER.password },
            ...{ FRIGATE_MQTT_COOLDOWN: "0", FRIGATE_MOST_PER_HOUR: "1000" },
          },
        });
        url = await server.started;
        port = new URL(url).port;
        return server;
      };
      const kill = async (server: HeddleProcess): Promise<void> => {
        server.kill("SIGKILL");
        await server.ended;
      };
      const connected = (id: string) =>
        until(
          async () => (await ask(url, `/api/v1/integrations/${id}/connections`)).connections,
          (found: { status: string }[]) => found.some(({ status }) => status === "connected"),
        );
      const tasks = async () => (await ask(url, "/api/v1/tasks?limit=500")).tasks as Task[];
      try {
        const first = await start();
        await Promise.all(Object.keys(MARKS).map(connected));
        const people = MARKS.telegram.map((_, number) => PERSON + number);
        await Promise.all([
          allow(url, "mail", "ada@friends.test"),
          ...people.map((person) => allow(url, "telegram", String(person))),
        ]);
        await gitHubSends(999, "before");
        await until(tasks, (found) => found.length === 1 && found[0]?.status === "complete");
        await kill(first);

        for (const person of people) telegram.addChat(person, "private");
        await Promise.all([
          ...MARKS.github.map((mark, number) => gitHubSends(number + 1, mark)),
          dovecot.arrive(...MARKS.mail.map(letter)),
          (async () => {
            for (const mark of MARKS.frigate) await broker.publish("frigate/reviews", review(mark));
          })(),
        ]);
        for (const [number, mark] of MARKS.telegram.entries()) {
          const person = PERSON + number;
          telegram.say(`How is ${mark}?`, { chat: person, from: person });
        }
        for (const [number, mark] of MARKS.ntfy.entries()) ntfy.say(number % 2 ? "ops" : "door", mark);

        const second = await start();
        await until(tasks, (found) => found.length > 40, PATIENT);
        await kill(second);
        await start();
        const lacking = () => whatIsLacking(url, () => deliveries);
        await until(lacking, ({ events, tasks }) => events.length + tasks.length === 0, PATIENT);
        expect((await marksOf(url, await tasks())).sort()).toEqual(["before", ...ALL].sort());
        // GitHub can be asked whether a comment is there, so not even an answer is there twice.
        const isAnswered = () =>
          numbers(50).map((n) => github.commentsOn(`octo/repo${(n + 1) % 10}#${n + 1}`).length);
        expect(await until(isAnswered, (found) => found.every((count) => count > 0))).toEqual(
          numbers(50).map(() => 1),
        );
        await until(
          () => people.filter((person) => telegram.shown(person).some(({ text }) => text === "Noted.")),
          (found) => found.length === people.length,
        );
        await until(
          () =>
            ["ops", "door"].flatMap((topic) =>
              ntfy.shown(topic).filter(({ tags }) => tags?.includes("heddle")),
            ),
          (found) => found.length >= 20,
        );
        await until(
          () => new Set(smtp.sent.map(({ source }) => /^In-Reply-To: (\S+)/im.exec(source)?.[1])),
          (found) => found.size === 20,
        );
      } finally {
        await killAll();
        await Promise.all([model.stop(), dovecot.stop(), smtp.stop(), broker.stop()]);
        await Promise.all([telegram.close(), ntfy.close(), github.close()]);
        frigate.stop();
      }
    });
  });

interface Delivery {
  id: number;
  guid: string;
  delivered_at: string;
  status_code: number;
}

interface Connection {
  name: string;
  status: string;
  detail: string | null;
}

interface Task {
  status: string;
  prompt: string;
  error: string | null;
  session_id: string;
  message_id: string;
}

/**
 * What is not there yet, short enough to be read in a failure: marks without a task, tasks that are not complete, connections
 * that do not hear, and how GitHub's last deliveries ended.
 */
async function whatIsLacking(url: string, github: () => Delivery[]) {
  const tasks: Task[] = (await ask(url, "/api/v1/tasks?limit=500")).tasks;
  const missing = new Set(ALL);
  // Of a task whose session is read later, the prompt is enough.
  for (const { prompt } of tasks) missing.delete(markIn(prompt));
  const open = tasks.filter(({ status }) => status !== "complete");
  const lacking = {
    events: [...missing],
    tasks: open.map(({ prompt, status, error }) => `${markIn(prompt)}: ${status} ${error ?? ""}`.trim()),
  };
  if (missing.size + open.length === 0) return lacking;
  const connections = await Promise.all(
    Object.keys(MARKS).map(async (id) => {
      const found = (await ask(url, `/api/v1/integrations/${id}/connections`)).connections as Connection[];
      return found.map(({ name, status, detail }) => `${id} ${name}: ${status}, ${detail}`);
    }),
  );
  const undelivered = github().filter(({ guid }) => missing.has(guid));
  return { ...lacking, connections: connections.flat(), github: undelivered.map(shownDelivery) };
}

const shownDelivery = ({ guid, delivered_at, status_code }: Delivery): string =>
  `${guid} at ${delivered_at}: ${status_code}`;

const markIn = (text: string): string =>
  /\b(?:before|(?:github|mail|telegram|ntfy|frigate)-\d+)\b/.exec(text)?.[0] ?? text;

/** The mark in the message that each task answers. */
async function marksOf(url: string, tasks: Task[]): Promise<string[]> {
  const contents = new Map<string, string>();
  for (const session of new Set(tasks.map(({ session_id }) => session_id))) {
    const messages = await ask(url, `/api/v1/sessions/${session}/messages?limit=500`);
    for (const { id, content } of messages) contents.set(id, content);
  }
  return tasks.map(({ message_id }) => markIn(contents.get(message_id) ?? ""));
}

async function allow(url: string, integration_id: string, external_id: string): Promise<void> {
  const response = await fetch(`${url}/api/v1/people`, {
    method: "POST",
    headers: { authorization: `Bearer ${ADMIN_KEY}`, "content-type": "application/json" },
    body: JSON.stringify({ integration_id, external_id, name: external_id, status: "allowed" }),
  });
  if (response.status !== 201) throw new Error(`${response.status} ${await response.text()}`);
}

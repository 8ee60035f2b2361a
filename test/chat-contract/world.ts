// One Heddle for all chat services, in a process that can be killed, and a model whose answers tell what it has heard.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LLMock } from "@copilotkit/aimock";
import { ADMIN_KEY, ask, type HeddleProcess, lapse, launch } from "../faults/process.ts";
import type { ChatDriver } from "./driver.ts";
import { eventually } from "./eventually.ts";

export interface World {
  /** Where the server is now; another one after a restart. */
  readonly url: string;
  get(path: string): ReturnType<typeof ask>;
  // biome-ignore lint/suspicious/noExplicitAny: answers are checked field by field
  send(path: string, body: object, method?: string): Promise<any>;
  /** As an operator does on the page of the integration. */
  allow(integration: string, person: string): Promise<void>;
  connection(integration: string, name: string): Promise<{ status: string; detail: string } | undefined>;
  kill(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

export async function startWorld(drivers: ChatDriver[], database: string | undefined): Promise<World> {
  const model = await startModel();
  const home = await mkdtemp(join(tmpdir(), "heddle-chat-"));
  const environment = {
    ...(database !== undefined && { DATABASE_URL: database }),
    ...{ HEDDLE_HOME: home, PORT: "0", UNATTENDED_RUNS_PER_HOUR: "0", BASE_URL: "https://heddle.example" },
    ...{ OPENAI_BASE_URL: `${model.url}/v1`, OPENAI_API_KEY: "x", ALLOW_PRIVATE_HOSTS: "127.0.0.1" },
    ...Object.assign({}, ...drivers.map((driver) => driver.environment)),
  };
  let heddle: HeddleProcess;
  let url = "";

  async function send(path: string, body: object, method = "POST") {
    const answer = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${ADMIN_KEY}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }
  const get = (path: string) => ask(url, `/api/v1${path}`);
  const connection: World["connection"] = async (integration, name) =>
    (await get(`/integrations/${integration}/connections`)).connections?.find(
      (one: { name: string }) => one.name === name,
    );
  async function start(): Promise<void> {
    if (database && url !== "") await lapse(database);
    heddle = launch({ environment });
    url = await heddle.started;
    for (const { integration, listener } of drivers) {
      if (listener === null) continue;
      await eventually(
        () => connection(integration, listener),
        (found) => found?.status === "connected",
        100,
      );
    }
  }
  await start();
  return {
    get url() {
      return url;
    },
    ...{ get, send, connection, start },
    async allow(integration_id, external_id) {
      const names: Record<string, string> = { slack: "Ada", telegram: "Anna", discord: "Ada" };
      const name = names[integration_id] ?? external_id;
      await send("/people", { integration_id, external_id, name, status: "allowed" });
    },
    async kill() {
      heddle.kill("SIGKILL");
      await heddle.ended;
    },
    async stop() {
      await model.stop();
      await rm(home, { recursive: true, force: true });
    },
  };
}

const MARK = /\{q\d+\}/g;
const marksIn = (text: string): string[] => text.match(MARK) ?? [];

/** The answer to the last message: which one it is, and all that the model has heard in the conversation. */
export const answerTo = (mark: string): string => `Answer to ${mark}.`;

/** Answers that are hardly any, by what is asked for. */
const ODD: Record<string, string> = { "[emoji]": "👍", "[blank]": "\u00a0 \n\n \u00a0" };
/** What is said in every recording. */
const SAID_ALOUD = "{q900007} Can you hear me?";

/** Its answers tell what it has heard; [ask] makes it call a tool, [slow] and [long 4000] make it say more. */
export async function startModel(): Promise<LLMock> {
  const model = new LLMock({ port: 0, journalMaxEntries: 10 });
  const said = ({ messages }: { messages: { role: string; content?: unknown }[] }) =>
    messages.filter(({ role }) => role === "user").map(({ content }) => JSON.stringify(content));
  const answer = (request: Parameters<typeof said>[0]): string => {
    const texts = said(request);
    const last = texts.at(-1) ?? "";
    const length = Number(/\[long (\d+)\]/.exec(last)?.[1] ?? 0);
    for (const [asked, odd] of Object.entries(ODD)) if (last.includes(asked)) return odd;
    const beginning = `${answerTo(marksIn(last).at(-1) ?? "nothing")} Heard ${marksIn(texts.join()).join(" ")}.`;
    return length > 0 ? `${beginning}\n\n${longText(length)}` : beginning;
  };
  model.onTranscription({ transcription: { text: SAID_ALOUD } });
  model.on(
    {
      predicate: ({ messages }) =>
        messages.at(-1)?.role !== "tool" && String(said({ messages }).at(-1)).includes("[ask]"),
    },
    // Its name tells which question is whose.
    (request) => {
      const name = `Report ${marksIn(String(said(request).at(-1))).at(-1) ?? ""}`.trim();
      const schedule = { name, content: "What is new?", cron: "0 8 * * 1" };
      return { toolCalls: [{ name: "create_schedule", arguments: JSON.stringify(schedule) }] };
    },
  );
  model.on(
    { predicate: (request) => String(said(request).at(-1)).includes("[slow]") },
    (request) => ({ content: `${answer(request)} ${"word ".repeat(60)}end.` }),
    { latency: 90, chunkSize: 8 },
  );
  model.on({}, (request) => ({ content: answer(request) }));
  await model.start();
  return model;
}

/** Code in a fence, and characters of two units, so that nothing can be cut just anywhere. */
function longText(length: number): string {
  const lines = ["```ts"];
  for (let size = 0; size < length; ) {
    const line = `say("${"🧵".repeat(20)}", ${lines.length});`;
    lines.push(line);
    size += line.length + 1;
  }
  return [...lines, "```", "", "The end."].join("\n");
}

// Takes subjects through the phases, all at once at one server, and says of each what was seen.

import { answerTo } from "../chat-contract/world.ts";
import { until } from "../until.ts";
import type { Heddle } from "./heddle.ts";
import type { Phase, Question, Subject } from "./subject.ts";

/** What was seen, or why nothing was; "FAILED: …" if it was not what should be. */
export type Seen = Map<string, Map<Phase, string>>;

const PATIENT = { everyMs: 200, withinSeconds: 80 };
/** For many at once, which services take one by one. */
const VERY_PATIENT = { everyMs: 1_000, withinSeconds: 300 };
let marks = 0;
const nextMark = (): string => `{q${++marks}}`;

interface Said {
  phase: Phase;
  mark: string;
  told: unknown;
}

/** An approval that is open over the kill. */
interface Open {
  said: Said;
  question: Question;
}

/** The server is away for at least `awaySeconds`. */
export async function walkSubjects(
  heddle: Heddle,
  subjects: Subject[],
  { awaySeconds = 0 } = {},
): Promise<Seen> {
  const seen: Seen = new Map(subjects.map(({ name }) => [name, new Map()]));
  /** One phase of all; what fails is noted, and the others go on. */
  async function all(
    phase: Phase,
    work: (subject: Subject) => Promise<string>,
    which = subjects,
  ): Promise<void> {
    await Promise.all(
      which.map(async (subject) => {
        const isSetUp = !seen.get(subject.name)?.get("set up")?.startsWith("FAILED");
        const lack = isSetUp ? subject.lacks[phase] : "It is not set up.";
        const found = lack === undefined ? work(subject).catch((error) => `FAILED: ${error}`) : `– ${lack}`;
        seen.get(subject.name)?.set(phase, await found);
        console.error(`${subject.name}, ${phase}: ${(await found).slice(0, 300)}`);
      }),
    );
  }
  const everything: [Subject, Said][] = [];
  const say = async (subject: Subject, phase: Phase, words = ""): Promise<Said> => {
    const mark = nextMark();
    const said = { phase, mark, told: await subject.tell(`${mark} ${words}`.trim(), phase) };
    everything.push([subject, said]);
    return said;
  };

  await all("set up", (subject) => setUp(heddle, subject));
  await heddle.askPeople(subjects.flatMap(({ approver }) => approver ?? []));
  await all("answer", async (subject) => `${await answered(subject, await say(subject, "answer"))}`);
  await all("stream", async (subject) => {
    const said = await say(subject, "stream", "[slow]");
    const times = await answered(subject, said);
    const before = ((await subject.progress?.(said.told)) ?? []).filter((text) => !text.includes("end."));
    if (before.length === 0) throw new Error("nothing was seen before the answer");
    return `${before.length} before, final ${times}`;
  });
  for (const phase of ["thread", "check"] as const) {
    const own = subjects.filter(({ also }) => also?.includes(phase));
    await all(phase, (subject) => answeredThere(subject, phase, say), own);
  }
  const open = new Map<Subject, Open>();
  await all("approval", async (subject) => {
    const said = await say(subject, "approval", "[ask]");
    const question = await until(
      () => subject.question?.(said.told),
      (found) => found?.yes !== undefined,
      PATIENT,
    );
    if (question) open.set(subject, { said, question });
    return "asked";
  });
  await overKill({ heddle, all, say, open });
  await afterOutage({ heddle, all, say }, awaySeconds);
  for (const [phase, end] of [["cut", "cut"] as const, ["drop", "drop"] as const]) {
    await all(phase, async (subject) => {
      subject[end]?.();
      const from = Date.now();
      const said = await say(subject, phase);
      const isAnswered = new AbortController();
      const [times, told] = await Promise.all([
        answered(subject, said).finally(() => isAnswered.abort()),
        whenItIsTold(heddle, subject, isAnswered.signal),
      ]);
      return `${times} after ${seconds(from)} s${told}`;
    });
  }
  // A second answer may take a while.
  for (const [subject, said] of everything) {
    const count = await timesAnswered(subject, said);
    if (count > mostOf(subject, said))
      seen.get(subject.name)?.set(said.phase, `FAILED: ${said.mark} is answered ${count} times in the end`);
  }
  return seen;
}

async function answeredThere(
  subject: Subject,
  phase: Phase,
  say: (subject: Subject, phase: Phase) => Promise<Said>,
): Promise<string> {
  const said = await say(subject, phase);
  const times = await answered(subject, said);
  const shown = (await subject.progress?.(said.told)) ?? [];
  return `${times}${shown.length > 0 ? `, with ${shown.join(", ")}` : ""}`;
}

async function setUp(heddle: Heddle, subject: Subject): Promise<string> {
  const { integration, connection } = subject;
  if (Object.keys(subject.settings).length > 0) await heddle.set(integration, subject.settings);
  await subject.prepare?.(heddle);
  if (connection !== undefined) await heddle.connected(integration, connection);
  const { ok, message } = await heddle.test(integration).catch((error) => {
    if (!/409 .+has no test/.test(String(error))) throw error;
    return { ok: true, message: "It has no test of its connection." };
  });
  return ok ? message : `FAILED: ${message}`;
}

interface Kill {
  heddle: Heddle;
  all(phase: Phase, work: (subject: Subject) => Promise<string>): Promise<void>;
  say(subject: Subject, phase: Phase, words?: string): Promise<Said>;
  open: Map<Subject, Open>;
}

/** Something is said just before, and while it is away; then what was asked before is decided. */
async function overKill({ heddle, all, say, open }: Kill): Promise<void> {
  const left = new Map<Subject, Said[]>();
  const sayToAll = () =>
    all("kill -9", async (subject) => {
      left.set(subject, [...(left.get(subject) ?? []), await say(subject, "kill -9")]);
      return "said";
    });
  await sayToAll();
  await heddle.kill();
  await sayToAll();
  await heddle.start();
  await all("kill -9", async (subject) => {
    if (subject.connection !== undefined) await heddle.connected(subject.integration, subject.connection);
    await subject.back?.();
    const times = [];
    for (const said of left.get(subject) ?? []) times.push(await answered(subject, said));
    return times.join(" and ");
  });
  await all("approval", async (subject) => {
    const asked = open.get(subject);
    if (!asked || !subject.decide) throw new Error("nobody was asked");
    const told = await subject.decide(asked.said.told, asked.question);
    const times = await answered(subject, asked.said);
    const again = await subject.decide(asked.said.told, asked.question).catch(String);
    return `${times} after the kill; told ${JSON.stringify(told)}, and the second time ${JSON.stringify(again)}`;
  });
}

/** Everything that was told while nobody was there is answered after the start, and once. */
async function afterOutage({ heddle, all, say }: Omit<Kill, "open">, awaySeconds: number): Promise<void> {
  const told = new Map<Subject, Said[]>();
  await heddle.halt();
  await all("outage", async (subject) => {
    const many = Array.from({ length: subject.many ?? 20 });
    told.set(subject, await Promise.all(many.map(() => say(subject, "outage"))));
    return "said";
  });
  await Bun.sleep(awaySeconds * 1_000);
  await heddle.start();
  const from = Date.now();
  await all("outage", async (subject) => {
    await subject.back?.();
    const said = told.get(subject) ?? [];
    const times = await Promise.all(said.map((one) => answered(subject, one, VERY_PATIENT)));
    const twice = times.filter((count) => count > 1).length;
    return `${said.length} answered${twice > 0 ? `, ${twice} of them twice,` : ""} ${seconds(from)} s after the start`;
  });
}

/** What has not been answered after a minute must not look connected: says when it no longer did. */
async function whenItIsTold(heddle: Heddle, subject: Subject, isAnswered: AbortSignal): Promise<string> {
  const { integration, connection } = subject;
  const from = Date.now();
  while (connection !== undefined && !isAnswered.aborted) {
    const found = await heddle.connection(integration, connection);
    // It may be connected again, and have most of its work before it.
    if (found?.status !== "connected" || Date.parse(found.since) >= from)
      return `; after ${seconds(from)} s it was said: ${found?.status}, ${found?.detail}`;
    if (seconds(from) > 62 && !isAnswered.aborted)
      throw new Error(`It was deaf for ${seconds(from)} s, and said: ${found.detail}`);
    await Bun.sleep(500);
  }
  return "";
}

const seconds = (from: number): number => Math.round((Date.now() - from) / 1000);

/** Where a crash, or the network, can keep an answer's receipt from being stored. */
const ROUGH: readonly Phase[] = ["kill -9", "cut", "drop"];
const mostOf = ({ mayDouble }: Subject, { phase }: Said): number =>
  mayDouble !== undefined && ROUGH.includes(phase) ? 2 : 1;

const timesAnswered = async (subject: Subject, { mark, told }: Said): Promise<number> =>
  (await subject.answers(told)).filter((text) => text.includes(answerTo(mark))).length;

/** How often the answer is there, a while after the first. */
async function answered(subject: Subject, said: Said, patience = PATIENT): Promise<number> {
  const times = () => timesAnswered(subject, said);
  await until(times, (count) => count > 0, patience);
  await Bun.sleep(1_000);
  const count = await times();
  if (count > mostOf(subject, said)) throw new Error(`answered ${count} times`);
  return count;
}

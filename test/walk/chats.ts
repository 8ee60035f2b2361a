// The chat services, as the contract of chat integrations drives them.

import type { ChatDriver, Said } from "../chat-contract/driver.ts";
import { discordDriver } from "../chat-contract/drivers/discord.ts";
import { mailDriver } from "../chat-contract/drivers/mail.ts";
import { ntfyDriver } from "../chat-contract/drivers/ntfy.ts";
import { slackDrivers } from "../chat-contract/drivers/slack.ts";
import { telegramDriver } from "../chat-contract/drivers/telegram.ts";
import type { World } from "../chat-contract/world.ts";
import type { Heddle } from "./heddle.ts";
import type { Phase, Subject } from "./subject.ts";

export async function chats(): Promise<Subject[]> {
  const [slack] = await slackDrivers();
  const drivers = [
    slack,
    await telegramDriver(),
    await discordDriver(),
    await ntfyDriver(),
    await mailDriver(),
  ];
  return drivers.flatMap((driver) => (driver ? [subjectOf(driver) as Subject] : []));
}

const CASES = { stream: "streaming", approval: "approval" } as const;

export function subjectOf(driver: ChatDriver): Subject<Said> {
  const stream = driver.lacks.streaming;
  const { previews, mayDouble } = driver;
  const rooms: string[] = [];
  let many = 0;
  /** In turn, since a service may have few rooms. */
  function roomOfMany(): string {
    const at = many++ % 3;
    rooms[at] ??= driver.room();
    return rooms[at];
  }
  return {
    ...{ name: driver.name, integration: driver.integration, settings: unhurried(driver.environment) },
    ...(driver.listener !== null && { connection: driver.listener }),
    ...{ approver: driver.approver, lacks: stream === undefined ? {} : { stream } },
    ...(mayDouble !== undefined && { mayDouble }),
    prepare: async (heddle) => driver.prepare?.(worldOf(heddle)),
    async tell(text, phase: Phase) {
      if (phase === "outage") return driver.say(roomOfMany(), text);
      const special = phase in CASES ? driver.roomFor?.[CASES[phase as keyof typeof CASES]]?.() : undefined;
      return driver.say(special ?? driver.room(), text);
    },
    answers: (said) => driver.posts(said),
    progress: (said) => previews?.(said) ?? [],
    question: (said) => driver.question?.(said),
    decide: async (said, question) => (await driver.press?.(said, question)) ?? "",
    ...(driver.drop && { drop: () => driver.drop?.() }),
    ...(driver.cut && { cut: () => driver.cut?.() }),
    back: () => driver.back?.(),
    stop: () => driver.stop(),
  };
}

/** Without the haste of tests: a listener that asks each second would notice at once that its network has vanished. */
const unhurried = (settings: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(settings).filter(([key]) => !key.endsWith("_POLL_SECONDS")));

/** As the drivers know the server. */
function worldOf(heddle: Heddle): World {
  const names: Record<string, string> = { slack: "Ada", telegram: "Anna", discord: "Ada" };
  return {
    get url() {
      return heddle.url();
    },
    get: (path) => heddle.api(path),
    send: (path, body, method) => heddle.api(path, body, method ?? "POST"),
    allow: (integration, person) => heddle.allow(integration, person, names[integration] ?? person),
    connection: heddle.connection,
    ...{ kill: heddle.kill, start: heddle.start, stop: heddle.stop },
  };
}

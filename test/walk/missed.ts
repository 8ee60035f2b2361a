// Much that happens at five services at once while the server is away for long (`--away=600`): all of it is answered after the start, once, and by
// nobody's hand.

import { mailDriver } from "../chat-contract/drivers/mail.ts";
import { ntfyDriver } from "../chat-contract/drivers/ntfy.ts";
import { telegramDriver } from "../chat-contract/drivers/telegram.ts";
import { subjectOf } from "./chats.ts";
import { gitHub } from "./forges.ts";
import type { Heddle } from "./heddle.ts";
import { frigate } from "./home.ts";
import type { Subject } from "./subject.ts";

const ELSEWHERE = "That is walked over in the other groups.";

export async function missed(heddle: Heddle): Promise<Subject[]> {
  const lacks = { stream: ELSEWHERE, approval: ELSEWHERE, cut: ELSEWHERE, drop: ELSEWHERE };
  const cameras = await frigate({ answers: answersIn(heddle, "frigate") });
  const chats = [await telegramDriver(), await ntfyDriver(), await mailDriver()].map(subjectOf);
  const all = [await gitHub(heddle.url), ...chats, cameras] as Subject[];
  return all.map((subject) => ({ ...subject, lacks }));
}

/** What was answered in sessions of their own, one result for each run. Asked for by many at once. */
function answersIn(heddle: Heddle, source: string): () => Promise<string[]> {
  let asked: { at: number; results: Promise<string[]> } | undefined;
  const ask = async (): Promise<string[]> => {
    const { tasks } = await heddle.api(`/tasks?source=${source}&limit=500`);
    return tasks.map(({ result }: { result: string | null }) => result ?? "");
  };
  return () => {
    if (!asked || Date.now() - asked.at > 500) asked = { at: Date.now(), results: ask() };
    return asked.results;
  };
}

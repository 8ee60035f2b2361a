// The contract itself: what each chat integration does, whatever the service.

import { expect } from "bun:test";
import type { Case, ChatDriver, Said, Trouble } from "./driver.ts";
import { eventually } from "./eventually.ts";
import { answerTo, type World } from "./world.ts";

let count = 0;
/** What the model tells texts apart by. */
const nextMark = (): string => `{q${++count}}`;

export interface Scene {
  world: World;
  driver: ChatDriver;
  room: string;
}

/** The finished posts of the conversation, once there are so many answers to what was said. */
async function answered({ driver }: Scene, said: Said, mark: string, times = 1): Promise<string[]> {
  const isAnswer = (post: string) => post.includes(answerTo(mark));
  const posts = await eventually(
    () => driver.posts(said),
    (found) => found.filter(isAnswer).length >= times,
  );
  expect(posts.filter(isAnswer)).toHaveLength(times);
  return posts;
}

/** Says something and returns it with its mark; the answer is waited for. */
async function converse(scene: Scene, text = "", after?: Said): Promise<{ said: Said; mark: string }> {
  const mark = nextMark();
  const said = await scene.driver.say(scene.room, `${mark} ${text}`.trim(), after);
  await answered(scene, said, mark);
  return { said, mark };
}

/** The delivery of an answer: found once in a list, which takes the server's time, and then asked for alone. */
async function deliveryOf({ world, driver }: Scene, mark: string, isSo: (found: Delivery) => boolean) {
  const all = `/deliveries?dispatch_type=${driver.integration}&limit=200`;
  const { id } = (await eventually(
    async () =>
      (
        await world.get(all)
      ).deliveries.find(({ text, kind }: Delivery) => kind === "result" && text.includes(answerTo(mark))),
    undefined,
    400,
  )) as Delivery;
  return eventually(() => world.get(`/deliveries/${id}`) as Promise<Delivery>, isSo, 200);
}

interface Delivery {
  id: string;
  kind: string;
  text: string;
  status: string;
  attempts: number;
  created_at: string;
  delivered_at: string;
}

/** The delivery of an answer whose first attempt meets trouble, and a later one none. */
async function deliverAgainst(kind: Trouble, scene: Scene) {
  const { driver, room } = scene;
  const end = driver.trouble(room, kind);
  const mark = nextMark();
  const said = await driver.say(room, mark);
  // On a busy machine it may have been tried more often before anybody looks.
  await deliveryOf(scene, mark, ({ attempts, status }) => attempts >= 1 && status === "retrying");
  end();
  const delivered = await deliveryOf(scene, mark, ({ status }) => status === "delivered");
  expect(delivered.attempts).toBeGreaterThan(1);
  await answered(scene, said, mark);
  return delivered;
}

/** Those that run at the same time, each in a room of its own. */
export const TOGETHER: Partial<Record<Case, (scene: Scene) => Promise<void>>> = {
  /** Dedupe, conversations, edits, own messages and those of bots: what the model has heard tells all of it. */
  async in(scene) {
    const { driver } = scene;
    const { said, mark } = await converse(scene);
    await driver.redeliver(said);
    const own = nextMark();
    await driver.echo(said, `I have posted ${own}.`);
    const bots = nextMark();
    await driver.saysBot?.(said, `I am a bot, and say ${bots}.`);
    const edited = nextMark();
    driver.edit?.(said, `${edited} is what I meant.`);
    const after = await converse(scene, "", said);
    const posts = await answered(scene, after.said, after.mark);
    const last = posts.find((post) => post.includes(answerTo(after.mark))) ?? "";
    expect(last.split(mark)).toHaveLength(2);
    expect(last).not.toContain(own);
    if (driver.edit) expect(last).toContain(edited);
    const all = posts.join("\n");
    expect(all.split(answerTo(mark))).toHaveLength(2);
    expect(all).not.toContain(answerTo(own));
    expect(all).not.toContain(answerTo(bots));
    const other = await converse({ ...scene, room: driver.name === "ntfy" ? driver.room() : scene.room });
    expect((await driver.posts(other.said)).join()).not.toContain(mark);
    expect((await driver.posts(said)).join()).not.toContain(other.mark);
  },

  async split(scene) {
    const { driver } = scene;
    const length = Math.min(driver.limit * 1.3, 40_000);
    const mark = nextMark();
    const said = await driver.say(scene.room, `${mark} [long ${Math.floor(length)}]`);
    const posts = await eventually(
      () => driver.posts(said),
      (found) => found.at(-1)?.includes("The end.") === true,
    );
    for (const post of posts) {
      expect(post.length).toBeLessThanOrEqual(driver.limit);
      expect(post.split("```").length % 2).toBe(1);
      expect(post).toBe(post.toWellFormed());
    }
    const numbers = [...posts.join("\n").matchAll(/🧵", (\d+)\)/g)].map(([, number]) => Number(number));
    expect(numbers.slice(0, 50)).toEqual(numbers.slice(0, 50).map((_, index) => index + 1));
    expect(numbers.length).toBeGreaterThan(length / 70);
    expect(new Set(numbers).size).toBe(numbers.length);
  },

  async "format fallback"(scene) {
    scene.driver.trouble(scene.room, "markup");
    await converse(scene);
  },

  async "rate limit"(scene) {
    const delivery = await deliverAgainst("limit", scene);
    // Longer than it would have waited without being told.
    expect(Date.parse(delivery.delivered_at) - Date.parse(delivery.created_at)).toBeGreaterThanOrEqual(7_000);
  },

  async retry(scene) {
    await deliverAgainst(scene.driver.mayDouble ? "down" : "unsure", scene);
  },

  async streaming(scene) {
    const { driver, room } = scene;
    const mark = nextMark();
    const said = await driver.say(room, `${mark} [slow]`);
    const posts = await eventually(
      () => driver.posts(said),
      (found) => found.some((post) => post.includes("end.")),
    );
    expect(posts.filter((post) => post.includes(answerTo(mark)))).toHaveLength(1);
    const parts = driver.previews?.(said).filter((text) => text.includes(answerTo(mark))) ?? [];
    expect(parts.filter((text) => !text.includes("end.")).length).toBeGreaterThan(0);
  },

  /** What was asked is changed or deleted while it is answered: it is answered once, and the next answer knows of it. */
  async meanwhile(scene) {
    const { driver, room } = scene;
    for (const change of ["edit", "remove"] as const) {
      if (!driver[change]) continue;
      const mark = nextMark();
      const news = nextMark();
      const said = await driver.say(room, `${mark} [slow]`);
      await eventually(
        () => driver.previews?.(said) ?? [],
        (shown) => shown.length > 0,
      );
      if (change === "edit") driver.edit?.(said, `${news} is what I meant.`);
      else driver.remove?.(said);
      const isAnswer = (post: string) => post.includes("end.") || post.includes(answerTo(news));
      await eventually(
        () => driver.posts(said),
        (posts) => posts.some(isAnswer),
      );
      const after = await converse(scene, "", said);
      const posts = await driver.posts(said);
      expect(posts.filter((post) => post.includes(answerTo(mark))).length).toBeLessThanOrEqual(1);
      expect(posts.filter((post) => post.includes(answerTo(after.mark)))).toHaveLength(1);
      if (change === "edit") expect(posts.join("\n")).toContain(news);
      // The notice of the deletion repeats what was said.
      else expect(posts.at(-1)?.split(mark)).toHaveLength(3);
    }
  },

  /** What is shown of an answer is deleted before it is finished: the answer is posted all the same. */
  async "shown and gone"(scene) {
    const { driver, room } = scene;
    const mark = nextMark();
    const said = await driver.say(room, `${mark} [slow]`);
    await eventually(() => driver.removeShown?.(said));
    const posts = await eventually(
      () => driver.posts(said),
      (found) => found.some((post) => post.includes("end.")),
    );
    expect(posts.filter((post) => post.includes("end."))).toHaveLength(1);
  },

  /** The thread is deleted before the answer is finished: the answer is posted in the channel, which says why. */
  async "conversation gone"(scene) {
    const { driver, room } = scene;
    const mark = nextMark();
    const said = await driver.say(room, `${mark} [slow]`);
    await eventually(
      () => driver.previews?.(said) ?? [],
      (shown) => shown.length > 0,
    );
    driver.removeConversation?.(said);
    const posts = await eventually(
      () => driver.postsInRoom?.(room) ?? [],
      (found) => found.some((post) => post.includes("end.")),
    );
    expect(posts[0]).toMatch(/in which this was asked is gone/);
    expect(posts.filter((post) => post.includes(answerTo(mark)))).toHaveLength(1);
  },

  /** An edit overtakes the message that it edits: the message is answered once, as it reads now. */
  async "out of order"(scene) {
    const { driver, room } = scene;
    const [before, mark] = [nextMark(), nextMark()];
    const said = await driver.editFirst?.(room, `${before} was wrong.`, mark);
    if (!said) throw new Error("Nothing was said.");
    await answered(scene, said, mark);
    const after = await converse(scene, "", said);
    const posts = await answered(scene, after.said, after.mark);
    expect(posts.join("\n")).not.toContain(answerTo(before));
    expect(posts.filter((post) => post.includes(answerTo(mark)))).toHaveLength(1);
  },

  /** The service takes no more for a while, in the middle of an answer that is shown. */
  async "limit amid"(scene) {
    const { driver, room } = scene;
    const mark = nextMark();
    const said = await driver.say(room, `${mark} [slow]`);
    await eventually(
      () => driver.previews?.(said) ?? [],
      (shown) => shown.length > 0,
    );
    const end = driver.trouble(room, "limit");
    await deliveryOf(scene, mark, ({ status }) => status === "retrying");
    end();
    const posts = await eventually(
      () => driver.posts(said),
      (found) => found.some((post) => post.includes("end.")),
    );
    expect(posts.filter((post) => post.includes(answerTo(mark)))).toHaveLength(1);
  },

  /** Named twice, a file without a word, an answer of one emoji, and one of which nothing can be seen. */
  async odd(scene) {
    const { driver, world } = scene;
    const { said, mark } = await converse(scene, driver.mention && `${driver.mention} ${driver.mention}`);
    const count = async () => (await driver.posts(said)).length;
    if (driver.sayFile) {
      const before = await count();
      driver.sayFile(said);
      await eventually(count, (now) => now > before);
    }
    await driver.say(scene.room, `${nextMark()} [blank]`, said);
    await driver.say(scene.room, `${nextMark()} [emoji]`, said);
    const posts = await eventually(
      () => driver.posts(said),
      (found) => found.some((post) => post.includes("👍")),
    );
    expect(posts.filter((post) => post.includes("👍"))).toHaveLength(1);
    expect(posts.filter((post) => post.includes(answerTo(mark)))).toHaveLength(1);
    for (const post of posts) expect(post.trim()).not.toBe("");
    const { deliveries } = await world.get(`/deliveries?dispatch_type=${driver.integration}&limit=200`);
    const unseen = deliveries.filter(
      ({ text, kind }: { text: string; kind: string }) => kind === "result" && text.trim() === "",
    );
    expect(
      unseen
        .map(({ status }: { status: string }) => status)
        .filter((status: string) => status !== "delivered"),
    ).toEqual([]);
  },

  /** A reaction to an answer begins no run, and the next answer knows of it. */
  async reaction(scene) {
    const { driver, world } = scene;
    const { said, mark } = await converse(scene);
    // Nobody reads so fast that the server has not noted yet what it has posted.
    await deliveryOf(scene, mark, ({ status }) => status === "delivered");
    driver.react?.(said);
    driver.react?.(said, true);
    let known = "";
    // The service may tell of the reaction after what is said next.
    for (let times = 0; times < 5 && !known.includes("has reacted"); times++) {
      await converse(scene, "", said);
      const { tasks } = await world.get(`/tasks?source=${driver.integration}&limit=500`);
      const { session_id } = tasks.find(({ prompt }: { prompt: string }) => prompt.includes(mark));
      known = JSON.stringify(await world.get(`/sessions/${session_id}/messages?limit=100`));
    }
    expect(known.split("has reacted with")).toHaveLength(2);
    expect(known).toMatch(/(Ada|Anna) has reacted with (👍|:thumbsup:) to what you wrote: /);
    const posts = await driver.posts(said);
    // The model has read what was quoted.
    expect(posts.at(-1)?.split(mark).length).toBeGreaterThan(2);
    expect(posts.filter((post) => post.includes(answerTo(mark)))).toHaveLength(1);
  },

  async approval(scene) {
    const { driver, room } = scene;
    const mark = nextMark();
    const said = await driver.say(room, `${mark} [ask]`);
    const question = await eventually(
      () => driver.question?.(said),
      (found) => found?.yes !== undefined,
    );
    if (!question) throw new Error("Nobody was asked.");
    expect(await driver.forge?.(said, question)).toMatch(/does not name you|asks others|already/);
    expect(await driver.press?.(said, question)).toMatch(/^(Approved\.)?$/);
    await answered(scene, said, mark);
    const shown = await eventually(
      () => driver.question?.(said),
      (found) => found?.yes === undefined,
    );
    if (driver.questionStays === undefined) expect(shown?.text).toMatch(/allowed|approved/i);
    expect(await driver.press?.(said, question)).toMatch(/already/);
  },

  async correction(scene) {
    const { driver, world } = scene;
    const { said, mark } = await converse(scene);
    const delivery = await deliveryOf(scene, mark, ({ status }) => status === "delivered");
    const { id, changes } = await world.send(`/deliveries/${delivery.id}/correct`, {
      text: "It was **wrong**.",
    });
    expect(changes).toBe(delivery.id);
    const posts = () => driver.posts(said);
    await eventually(posts, ([first]) => first?.includes("wrong") === true);
    expect(await posts()).toHaveLength(1);
    expect(await world.get(`/deliveries/${delivery.id}`)).toMatchObject({
      changed_by: { delivery_id: id, kind: "edit" },
    });
    await world.send(`/deliveries/${delivery.id}/withdraw`, {});
    await eventually(posts, (found) => found.length === 0);
  },
};

/** What is said while the connections are gone is answered over new ones. */
export async function reconnect({ world, driver, room }: Scene): Promise<void> {
  const scene = { world, driver, room };
  const before = driver.connections();
  driver.drop?.();
  const mark = nextMark();
  const said = await driver.say(room, mark);
  await eventually(
    () => driver.connections(),
    (now) => now > before,
  );
  const connected = () => world.connection(driver.integration, driver.listener ?? "");
  await eventually(connected, (found) => found?.status === "connected", 400);
  await driver.back?.();
  await answered(scene, said, mark);
}

/** What was said just before a kill, and while the server was away, in as many rooms as services let post at once. */
export async function leave(scene: Scene, howMany: number): Promise<[Said, string][]> {
  const left: [Said, string][] = [];
  for (let number = 0; number < howMany; number += 1) {
    const mark = nextMark();
    left.push([await scene.driver.say(scene.room, mark), mark]);
  }
  return left;
}

export async function answeredOnce(scene: Scene, left: [Said, string][]): Promise<void> {
  for (const [said, mark] of left) {
    const posts = await eventually(
      () => scene.driver.posts(said),
      (found) => found.some((post) => post.includes(answerTo(mark))),
    );
    const times = posts.filter((post) => post.includes(answerTo(mark))).length;
    expect(times).toBeLessThanOrEqual(scene.driver.mayDouble ? 2 : 1);
  }
}

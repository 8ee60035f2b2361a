import { expect, test } from "bun:test";
import { createLargeBodies } from "../../../src/http/api/large-bodies.ts";

const MB = 1024 * 1024;
const limit = 24 * MB;
const request = (bytes: number | null, signal?: AbortSignal) =>
  new Request("http://localhost/", {
    headers: bytes === null ? {} : { "content-length": String(bytes) },
    ...(signal && { signal }),
  });

function room(options: Parameters<typeof createLargeBodies>[0] = {}) {
  const bodies = createLargeBodies({ bytes: 40 * MB, bytesPerSender: 24 * MB, ...options });
  const entered: string[] = [];
  const enter = (name: string, given: Request, sender = name) => {
    const bytes = Number(given.headers.get("content-length") ?? 2 * MB);
    const done = (async () => bodies.lease(given, { sender, limit }).grow(bytes))();
    void done.then(
      () => entered.push(name),
      () => undefined,
    );
    return done;
  };
  return { ...bodies, enter, entered };
}

const turn = () => new Promise((resolve) => setTimeout(resolve, 0));

test("large bodies wait for room, in order; small ones need none", async () => {
  const { enter, leave, entered } = room();
  const [first, second, third] = [request(20 * MB), request(20 * MB), request(2 * MB)];
  void enter("first", first);
  void enter("second", second);
  void enter("third", third);
  void enter("fourth", request(2 * MB));
  await enter("small", request(MB));
  await turn();
  expect(entered.toSorted()).toEqual(["first", "second", "small"]);
  leave(first);
  leave(first);
  await turn();
  expect(entered.slice(3)).toEqual(["third", "fourth"]);
});

test("one sender's bodies wait for each other and hold up nobody else; a body of unknown length counts as the longest", async () => {
  const { enter, leave, entered } = room();
  const unknown = request(null);
  void enter("a1", unknown, "a");
  void enter("a2", request(2 * MB), "a");
  void enter("b", request(12 * MB), "b");
  await turn();
  expect(entered).toEqual(["a1", "b"]);
  leave(unknown);
  await turn();
  expect(entered).toEqual(["a1", "b", "a2"]);
});

test("who waits too long is refused, and who goes away leaves the queue; neither takes room", async () => {
  const { enter, leave, entered } = room({ waitMs: 20 });
  const held = request(24 * MB);
  await enter("held", held, "a");
  const gone = new AbortController();
  const waiting = enter("gone", request(20 * MB, gone.signal), "a");
  gone.abort(new Error("gone"));
  await expect(waiting).rejects.toThrow("gone");
  await expect(enter("late", request(20 * MB), "a")).rejects.toMatchObject({ code: "unavailable" });
  leave(held);
  await enter("next", request(24 * MB), "a");
  expect(entered).toEqual(["held", "next"]);
});

test("a body of unknown length needs room once it is large", async () => {
  const bodies = createLargeBodies({ bytes: 24 * MB, bytesPerSender: 24 * MB, waitMs: 20 });
  const given = request(null);
  const lease = bodies.lease(given, { sender: "a", limit });
  expect(lease.grow(MB)).toBeUndefined();
  await lease.grow(1);
  expect(lease.grow(10 * MB)).toBeUndefined();
  const other = bodies.lease(request(null), { sender: "b", limit });
  expect(other.grow(MB)).toBeUndefined();
  await expect((async () => other.grow(1))()).rejects.toMatchObject({ code: "unavailable" });
});

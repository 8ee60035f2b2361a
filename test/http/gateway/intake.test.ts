import { expect, test } from "bun:test";
import { HeddleError } from "../../../src/errors.ts";
import { createIntake } from "../../../src/http/gateway/intake.ts";
import { readBody } from "../../../src/http/gateway/read-body.ts";

const MB = 1024 * 1024;

function codeOf(work: () => void): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return error instanceof HeddleError ? error.code : "thrown";
  }
}

test("a sender cannot use the whole budget, large bodies leave room for small ones, and everything is released", () => {
  const intake = createIntake({ bytes: 128 * MB, bodiesPerSender: 16 });
  const leases = ["a", "b", "c"].map((sender) => {
    const lease = intake.open(sender);
    for (let i = 0; i < 32; i++) lease.grow(MB);
    return lease;
  });
  expect(codeOf(() => leases[0]?.grow(1))).toBe("rate_limited");
  // Large bodies take up three quarters.
  const [another, small] = [intake.open("d"), intake.open("d")];
  expect(codeOf(() => another.grow(MB))).toBe("unavailable");
  expect(codeOf(() => small.grow(3_000))).toBeUndefined();
  for (const lease of [...leases, another, small]) lease.close();
  // Closing twice releases only once.
  leases[0]?.close();
  const again = intake.open("a");
  expect(codeOf(() => again.grow(32 * MB))).toBeUndefined();
  expect(codeOf(() => intake.open("a").grow(1))).toBe("rate_limited");
});

test("a sender may have a few large bodies at once, and any number of small ones within its share", () => {
  const intake = createIntake({ bytes: 128 * MB, bodiesPerSender: 2 });
  const large = () => intake.open("a").grow(100_000);
  expect([codeOf(large), codeOf(large), codeOf(large)]).toEqual([undefined, undefined, "rate_limited"]);
  for (let i = 0; i < 1_000; i++) intake.open("a").grow(3_000);
  expect(codeOf(() => intake.open("b").grow(100_000))).toBeUndefined();
});

test("a sender's bodies are counted together, whichever of them ends before the others have begun to arrive", () => {
  const intake = createIntake({ bytes: 128 * MB, bodiesPerSender: 1 });
  const [first, second] = [intake.open("a"), intake.open("a")];
  first.close();
  const third = intake.open("a");
  expect(codeOf(() => second.grow(100_000))).toBeUndefined();
  expect(codeOf(() => third.grow(100_000))).toBe("rate_limited");
  second.close();
  expect(codeOf(() => third.grow(100_000))).toBeUndefined();
});

/** A body that starts but never ends. */
function stalled(headers: Record<string, string> = {}): Request {
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new Uint8Array(10)),
  });
  return new Request("http://localhost/", { method: "POST", body, headers, duplex: "half" } as RequestInit);
}

test("a body that does not arrive times out, announced or not", async () => {
  const pace = { graceMs: 20, bytesPerSecond: 1_000_000 };
  const announcements: Record<string, string>[] = [
    {},
    { "content-length": "1000" },
    { "content-length": "1000000" },
  ];
  for (const headers of announcements) {
    await expect(readBody(stalled(headers), { limit: MB, pace })).rejects.toMatchObject({
      code: "request_timeout",
      status: 408,
    });
  }
});

test("the arrived bytes count, not the announced ones", async () => {
  const taken: number[] = [];
  const lease = { grow: (bytes: number) => void taken.push(bytes), close: () => {} };
  const pace = { graceMs: 20, bytesPerSecond: 1_000_000 };
  const announced = stalled({ "content-length": "1000000" });
  await expect(readBody(announced, { limit: MB, pace, lease })).rejects.toMatchObject({ status: 408 });
  expect(taken).toEqual([10]);
});

test("an endless body that is always ready is stopped at its pace", async () => {
  // Timers do not fire while each read resolves at once.
  const body = new ReadableStream<Uint8Array>(
    { pull: (controller) => controller.enqueue(new Uint8Array(1)) },
    { highWaterMark: 0 },
  );
  const dribbling = new Request("http://localhost/", { method: "POST", body, duplex: "half" } as RequestInit);
  const pace = { graceMs: 5, bytesPerSecond: 1_000_000_000 };
  await expect(readBody(dribbling, { limit: MB, pace })).rejects.toMatchObject({ status: 408 });
});

test("a refusal of the lease stops the reading", async () => {
  const full = new HeddleError("unavailable", "Full.");
  const lease = {
    grow: () => {
      throw full;
    },
    close: () => {},
  };
  await expect(readBody(stalled(), { limit: MB, lease })).rejects.toBe(full);
});

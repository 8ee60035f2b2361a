// What goes wrong between an integration and its service, in words that say what a person can do.

import { expect, test } from "bun:test";
import { isReauthRequired, isRetryable } from "../../src/sdk/errors.ts";
import { connectionError, http, Permanent, patiently, Retryable } from "../../src/sdk/index.ts";
import { networkSentence } from "../../src/sdk/network-words.ts";

const facts = {
  ...{ name: "The broker", address: "mqtt://user:secret@mqtt.example:1883" },
  settings: ["ACME_HOST", "ACME_PORT"],
  credentials: ["ACME_USER", "ACME_PASSWORD"],
};
const failed = (fields: object, message = "failed") => Object.assign(new Error(message), fields);
const wordsOf = (error: unknown, more: object = {}) =>
  String((connectionError(error, { ...facts, ...more }) as Error).message);

test("a server that does not answer is told by its place and the settings that have it", () => {
  const error = connectionError(failed({ code: "ECONNREFUSED" }), facts);
  expect(isRetryable(error)).toBeTrue();
  expect((error as Error).message).toBe(
    "The broker cannot be reached: nothing answers at mqtt.example:1883 (ECONNREFUSED). Is it running there, and is the port right? " +
      "Otherwise change ACME_HOST or ACME_PORT.",
  );
  expect((error as Error).cause).toBeInstanceOf(Error);
});

test.each([
  ["ENOTFOUND", "there is no host mqtt.example (ENOTFOUND). Is the name right?"],
  ["EAI_AGAIN", "the name mqtt.example could not be looked up (EAI_AGAIN). Does DNS work on this machine?"],
  ["ETIMEDOUT", "mqtt.example:1883 did not answer in time"],
  ["EHOSTUNREACH", "there is no way from this machine to mqtt.example"],
  ["ECONNRESET", "mqtt.example:1883 closed the connection"],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", "the certificate of mqtt.example:1883 is not trusted"],
  ["EPROTO", "mqtt.example:1883 does not speak TLS"],
])("%s in words", (code, words) => {
  expect(wordsOf(failed({ code }))).toContain(words);
});

test("the error is found in whatever wraps it, and where it was if nobody has said", () => {
  const inner = failed({ code: "ECONNREFUSED", address: "10.0.0.7", port: 25 });
  const nowhere = { address: undefined };
  for (const error of [
    new AggregateError([inner], ""),
    failed({ cause: failed({ cause: inner }) }),
    failed({ original: inner, code: "slack_webapi_request_error" }),
    failed({ error: inner }, "Network request for 'getMe' failed!"),
  ])
    expect(wordsOf(error, nowhere)).toContain("nothing answers at 10.0.0.7:25");
  const renamed = failed(
    { code: "ESOCKET", syscall: "connect", address: "::1", port: 25 },
    "connect ECONNREFUSED ::1:25",
  );
  expect(wordsOf(renamed)).toContain("(ECONNREFUSED)");
  const circular = failed({});
  circular.cause = circular;
  expect(connectionError(circular, facts)).toBe(circular);
});

test("refused credentials are named, and anything else stays as it is", () => {
  const refused = connectionError(failed({ code: 5 }), { ...facts, isRefused: () => true });
  expect(isReauthRequired(refused)).toBeTrue();
  expect((refused as Error).message).toBe("The broker does not accept ACME_USER and ACME_PASSWORD.");
  for (const error of [failed({}), "a text", undefined, new Retryable("later")])
    expect(connectionError(error, facts)).toBe(error);
  // The guard's refusal of a private address, which a client has wrapped.
  const guarded = new Permanent("10.0.0.7 is a private address.");
  expect(connectionError(failed({ error: guarded }), facts)).toBe(guarded);
  expect(() => connectionError(failed({}), { ...facts, credential: ["X"] } as never)).toThrow(
    "did you mean credentials?",
  );
});

test("a client of http() says so by itself, and names the credentials after a 401", async () => {
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: () => new Response("no", { status: 401 }),
  });
  const service = {
    name: "Acme",
    settings: ["ACME_URL"],
    credentials: ["ACME_TOKEN"],
    hint: "Make a new one.",
  };
  const api = http({ baseUrl: server.url.origin, service, retry: { tries: 1 } });
  const refused = await api.get("/rooms").catch((error) => error);
  expect(isReauthRequired(refused)).toBeTrue();
  expect(refused.message).toBe("Acme does not accept ACME_TOKEN. Make a new one.");
  const { credentials: _, ...without } = service;
  expect((await http({ baseUrl: server.url.origin, service: without }).get("/")).status).toBe(401);
  await server.stop(true);
  const gone: unknown = await api
    .get("/rooms")
    .json()
    .catch((error) => error);
  expect(isRetryable(gone)).toBeTrue();
  expect((gone as Error).message).toMatch(
    /^Acme cannot be reached: nothing answers at 127\.0\.0\.1:\d+ \(\w+\)\. .*Otherwise change ACME_URL\.$/,
  );
});

test("an error that nobody has put into words is put into words for people", async () => {
  expect(networkSentence(failed({ code: "ECONNREFUSED", address: "10.0.0.7", port: 25 }))).toBe(
    "Nothing answers at 10.0.0.7:25 (ECONNREFUSED). Is it running there, and is the port right?",
  );
  // It says more than its cause.
  expect(
    networkSentence(failed({ cause: failed({ code: "ECONNREFUSED" }) }, "The index is not there.")),
  ).toBeUndefined();
  expect(networkSentence("ECONNREFUSED")).toBeUndefined();
});

test("a short wait is waited for, and a long one is not", async () => {
  let calls = 0;
  const after = (seconds: number) => async () => {
    calls += 1;
    if (calls < 3) throw new Retryable("later", { retryAfterSeconds: seconds });
    return "posted";
  };
  expect(await patiently(after(0.01))).toBe("posted");
  expect(calls).toBe(3);
  calls = 0;
  await expect(patiently(after(6))).rejects.toThrow("later");
  expect(calls).toBe(1);
  await expect(patiently(() => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
  const secondsOf = (error: unknown) => (error as { wait?: number }).wait;
  calls = 0;
  const own = async () => {
    calls += 1;
    if (calls === 1) throw Object.assign(new Error("busy"), { wait: 0.01 });
    return calls;
  };
  expect(await patiently(own, { secondsOf })).toBe(2);
  calls = 0;
  const stopped = AbortSignal.abort(new Error("stopped"));
  await expect(patiently(after(1), { signal: stopped })).rejects.toThrow();
});

test.each([
  ["user:secret@broker.example:1883", "nothing answers at broker.example:1883 ("],
  ["user:se@cret@broker.example", "nothing answers at broker.example ("],
  // No port is that large, so this is no URL.
  ["https://user:secret@host.example:99999/a", "nothing answers at host.example:99999/a ("],
])("no password of an address is shown: %s", (address, words) => {
  const message = wordsOf(failed({ code: "ECONNREFUSED" }), { address });
  expect(message).toContain(words);
  expect(message).not.toContain("cret");
});

// No function of the SDK answers arguments of the wrong kind with an error of some line inside of it.

import { expect, test } from "bun:test";
import * as sdk from "../../src/sdk/index.ts";
import {
  correct,
  deliverInput,
  startProcess,
  useSettings,
  useTokens,
  withdraw,
} from "../../src/sdk/testing.ts";

const WRONG: unknown[][] = [
  [],
  [null],
  [5],
  [10n],
  ["text"],
  [{}],
  [[]],
  [{ a: 10n }],
  ["text", null],
  ["text", 5],
  [{}, null],
  ["text", "text", null],
];
/** `fetch` is the platform's, `log` has a test of its own, and the others are values or classes. */
const OTHERS = ["fetch", "log", "Elysia", "t", "Permanent", "ReauthRequired", "Retryable"];

type AnyFunction = (...given: unknown[]) => unknown;
const exported = Object.entries(sdk)
  .filter(([name]) => !OTHERS.includes(name))
  .flatMap(([name, value]): [string, AnyFunction][] =>
    typeof value === "function"
      ? [[name, value as AnyFunction]]
      : Object.entries(value).flatMap(([member, one]): [string, AnyFunction][] =>
          typeof one === "function" ? [[`${name}.${member}`, one as AnyFunction]] : [],
        ),
  );
const ofTesting = { correct, deliverInput, startProcess, useSettings, useTokens, withdraw };

test.each([...exported, ...(Object.entries(ofTesting) as unknown as [string, AnyFunction][])])(
  "%s says what is wrong with its arguments",
  async (_, call) => {
    for (const given of WRONG) {
      let error: unknown;
      try {
        await call(...given);
      } catch (thrown) {
        error = thrown;
      }
      if (error === undefined) continue;
      expect([given, (error as Error).name]).not.toEqual([
        given,
        expect.stringMatching(/^(Type|Reference|Syntax)Error$/),
      ]);
    }
  },
);

test("the message names the function, the kind and what it got", () => {
  const call = (made: () => unknown) => {
    try {
      return made();
    } catch (error) {
      return (error as Error).message;
    }
  };
  const as = (value: unknown) => value as never;
  expect(call(() => sdk.callerOf(as(undefined)))).toBe(
    "The argument of callerOf() must be a request; got undefined.",
  );
  expect(call(() => sdk.failDelivery(as({ status: 500 })))).toBe(
    'The first argument of failDelivery() must be a response; got {"status":500}.',
  );
  expect(call(() => sdk.retryAfterSeconds(as({ "retry-after": "5" })))).toBe(
    'The argument of retryAfterSeconds() must be the headers of an answer; got {"retry-after":"5"}.',
  );
  expect(call(() => sdk.mayBeSecret(as(5)))).toBe("The argument of mayBeSecret() must be a text; got 5.");
  expect(call(() => sdk.signWebhook("{}", as(null)))).toBe(
    "The second argument of signWebhook() must be an object; got null.",
  );
});

test("fields that are null are no reason to lose a line of the log", () => {
  expect(() => sdk.log.debug("a line without fields", null as never)).not.toThrow();
});

test("a verifier refuses options that it does not take", async () => {
  const request = () => new Request("http://127.0.0.1/", { method: "POST", body: "{}" });
  const options = { toleranceSecond: 10 } as never;
  expect(await sdk.verifyGitHub(request(), "secret", options).catch((error) => error)).toMatchObject({
    code: "validation",
    message: "toleranceSecond is not an option of verifyGitHub(); did you mean toleranceSeconds?",
  });
  for (const refused of [
    sdk.verifyBearer(request(), "secret", options),
    sdk.verifyToken(request(), "secret", { header: "x-token", ...(options as object) }),
    sdk.verifyHmac(request(), { header: "x-signature", secret: "secret", ...(options as object) }),
  ])
    expect(await refused.catch((error) => error)).toMatchObject({ code: "validation" });
});

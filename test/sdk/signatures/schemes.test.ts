// Each scheme as documented by its sender, and verifiers as data.

import { describe, expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import { HeddleError } from "../../../src/errors.ts";
import { signWebhook, type WebhookVerifier } from "../../../src/sdk/signatures/descriptor.ts";
import {
  post,
  verifyBearer,
  verifyGitHub,
  verifyGitLab,
  verifyHmac,
  verifySlack,
  verifyStripe,
  verifyWebhook,
  verifyWith,
} from "./senders.ts";

const INVALID = { name: "HeddleError", code: "invalid_signature" };

describe("published examples", () => {
  test("GitHub's", async () => {
    const signature = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    const request = post("Hello, World!", { "x-hub-signature-256": `sha256=${signature}` });
    const { body } = await verifyHmac(request, {
      secret: "It's a Secret to Everybody",
      header: "x-hub-signature-256",
      prefix: "sha256=",
    });
    expect(body).toBe("Hello, World!");
  });

  test("Slack's", async () => {
    const body =
      "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    const request = new Request("http://localhost/", {
      method: "POST",
      body,
      headers: {
        "content-type": "application/x-www-form-urlencoded",
        "x-slack-request-timestamp": "1531420618",
        "x-slack-signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
      },
    });
    const verified = await verifySlack(request, "8f742231b10e8888abcd99yyyzzz85a5", {
      now: () => 1531420618_000,
    });
    expect(verified).toMatchObject({
      id: "398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c",
      event: "slash_command",
      payload: { command: "/webhook-collect", text: "" },
      body,
    });
  });
});

describe("what a scheme returns about an event", () => {
  const slackRequest = (body: string, type: string) => {
    const request = post(body, withoutType(signWebhook(body, { scheme: "slack", secret: "s" })));
    request.headers.set("content-type", type);
    return request;
  };

  test("Slack: an event, an interaction, and the URL verification", async () => {
    const event = JSON.stringify({ type: "event_callback", event_id: "Ev1", event: { type: "app_mention" } });
    expect(await verifySlack(slackRequest(event, "application/json"), "s")).toMatchObject({
      id: "Ev1",
      event: "app_mention",
    });
    const pressed = { type: "block_actions", trigger_id: "1.2" };
    const form = new URLSearchParams({ payload: JSON.stringify(pressed) }).toString();
    const interaction = slackRequest(form, "application/x-www-form-urlencoded");
    expect(await verifySlack(interaction, "s")).toMatchObject({
      id: "1.2",
      event: "block_actions",
      payload: pressed,
    });
    const asked = JSON.stringify({ type: "url_verification", challenge: "c" });
    expect(await verifySlack(slackRequest(asked, "application/json"), "s")).toMatchObject({
      id: null,
      event: "url_verification",
    });
  });

  test("Stripe: several signatures while a secret is rotated; a v0 signature does not count", async () => {
    const body = JSON.stringify({ id: "evt_1", type: "invoice.paid" });
    const sign = (secret: string) =>
      signWebhook(body, { scheme: "stripe", secret })["stripe-signature"] ?? "";
    const [, ofOld = ""] = sign("old").split(",");
    const both = `${sign("new")},${ofOld},v0=00`;
    for (const secret of ["old", "new"]) {
      const request = post(body, { "stripe-signature": both });
      expect(await verifyStripe(request, secret)).toMatchObject({ id: "evt_1", event: "invoice.paid" });
    }
    const test = post(body, { "stripe-signature": sign("new").replace("v1=", "v0=") });
    await expect(verifyStripe(test, "new")).rejects.toMatchObject(INVALID);
    const none = post("{}", withoutType(signWebhook("{}", { scheme: "stripe", secret: "new" })));
    await expect(verifyStripe(none, "new")).rejects.toMatchObject({ code: "bad_request" });
  });

  test("GitLab: a signing token is not accepted as a secret token, and both may be set during a change", async () => {
    const signing = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
    const plain = "a-token-of-the-test";
    const weakened = () => post("{}", { "x-gitlab-event": "Push Hook", "x-gitlab-token": signing });
    await expect(verifyGitLab(weakened(), signing)).rejects.toMatchObject(INVALID);
    await expect(verifyGitLab(weakened(), [signing, plain])).rejects.toMatchObject(INVALID);
    for (const secret of [signing, plain]) {
      const headers = withoutType(
        signWebhook("{}", { scheme: "gitlab", secret }, { event: "Tag Push Hook" }),
      );
      const { event } = await verifyGitLab(post("{}", headers), [signing, plain]);
      expect(event).toBe("Tag Push Hook");
    }
  });

  test("GitHub: neither SHA-1 nor the older header is accepted", async () => {
    const { "x-hub-signature-256": signature = "", ...headers } = withoutType(
      signWebhook("{}", { scheme: "github", secret: "s" }),
    );
    const older = post("{}", { ...headers, "x-hub-signature": signature });
    await expect(verifyGitHub(older, "s")).rejects.toMatchObject(INVALID);
  });

  test("bearer: the word in any case, no other word, and an empty body", async () => {
    for (const word of ["Bearer", "bearer"]) {
      const request = post("", { authorization: `${word} s3cret` });
      expect(await verifyBearer(request, ["old", "s3cret"])).toEqual({ id: null, body: "" });
    }
    for (const value of ["s3cret", "Basic s3cret", "Bearer  s3cret", "Bearer s3cret s3cret", "Bearer"]) {
      const request = post("{}", { authorization: value });
      await expect(verifyBearer(request, "s3cret")).rejects.toMatchObject(INVALID);
    }
  });

  test("a signed body that is not UTF-8 is refused", async () => {
    const bytes = Uint8Array.of(0x7b, 0xff, 0x7d);
    const signature = createHmac("sha256", "s").update(bytes).digest("hex");
    const request = post(bytes, { "x-sig": signature });
    await expect(verifyHmac(request, { secret: "s", header: "x-sig" })).rejects.toMatchObject({
      code: "bad_request",
    });
  });
});

describe("a verifier of the integration's own", () => {
  const options = { proofHeaders: ["x-own"] };

  test.each([false, undefined, null, 1, "yes", {}])(
    "a check that returns %p refuses the sender",
    async (answer) => {
      const check = () => answer as boolean;
      await expect(verifyWith(post("{}", {}), check, options)).rejects.toMatchObject(INVALID);
      await expect(verifyWith(post("{}", {}), async () => check(), options)).rejects.toMatchObject(INVALID);
    },
  );

  test("the check gets the request and cannot change it", async () => {
    const webhook = await verifyWith(
      post('{"a":1}', { "x-own": "p", "x-id": "id-1" }),
      async (headers, body) => {
        const isProven = headers.get("x-own") === "p" && new TextDecoder().decode(body) === '{"a":1}';
        headers.set("x-id", "another");
        body.fill(0);
        return isProven;
      },
      { ...options, id: "x-id" },
    );
    expect(webhook).toEqual({ id: "id-1", event: null, payload: { a: 1 }, body: '{"a":1}' });
  });

  test("its error becomes the answer, and invalid options are named", async () => {
    const check = () => {
      throw new HeddleError("unavailable", "The setting X is not set");
    };
    await expect(verifyWith(post("{}", {}), check, options)).rejects.toMatchObject({ code: "unavailable" });
    const wrong = { code: "validation", message: expect.stringContaining("proofHeaders") };
    await expect(verifyWith(post("{}", {}), () => true, {} as never)).rejects.toMatchObject(wrong);
    await expect(verifyWith(post("{}", {}), () => true, { proofHeaders: ["a b"] })).rejects.toMatchObject(
      wrong,
    );
  });
});

const BODY = JSON.stringify({ id: "evt_1", type: "thing.done", event_id: "Ev1" });
const KEY = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const DESCRIPTORS: [WebhookVerifier & { secret: string }, { id: string | null; event: string | null }][] = [
  [
    { scheme: "github", secret: "s" },
    { id: "id-1", event: "push" },
  ],
  [
    { scheme: "slack", secret: "s" },
    { id: "Ev1", event: "thing.done" },
  ],
  [
    { scheme: "standard", secret: KEY },
    { id: "id-1", event: "thing.done" },
  ],
  [
    { scheme: "gitlab", secret: "s" },
    { id: "id-1", event: "push" },
  ],
  [
    { scheme: "gitlab", secret: KEY },
    { id: "id-1", event: "push" },
  ],
  [
    { scheme: "stripe", secret: "whsec_s" },
    { id: "evt_1", event: "thing.done" },
  ],
  [
    { scheme: "bearer", secret: "s" },
    { id: null, event: null },
  ],
  [
    { scheme: "bearer", id: "x-id", secret: "s" },
    { id: "id-1", event: null },
  ],
  [
    { scheme: "token", header: "x-token", secret: "s" },
    { id: null, event: null },
  ],
  [
    { scheme: "token", header: "x-token", id: "x-id", secret: "s" },
    { id: "id-1", event: null },
  ],
  [
    { scheme: "hmac", header: "x-sig", secret: "s" },
    { id: null, event: null },
  ],
  [
    {
      scheme: "hmac",
      header: "x-sig",
      id: "x-id",
      algorithm: "sha1",
      encoding: "base64",
      prefix: "p=",
      secret: "s",
    },
    { id: "id-1", event: null },
  ],
];

describe("a verifier as data", () => {
  test.each(DESCRIPTORS)("%j signs what it accepts", async (verifier, { id, event }) => {
    const headers = signWebhook(
      BODY,
      { ...verifier, secret: ["", verifier.secret] },
      { id: "id-1", event: "push" },
    );
    const request = () => post(BODY, withoutType(headers));
    expect(await verifyWebhook(request(), verifier)).toEqual({
      id,
      event,
      payload: JSON.parse(BODY),
      body: BODY,
    });
    for (const secret of ["", "another", `whsec_${Buffer.alloc(32, 8).toString("base64")}`]) {
      await expect(verifyWebhook(request(), { ...verifier, secret })).rejects.toMatchObject(INVALID);
    }
  });

  test.each([
    [{ scheme: "none" }, "scheme"],
    [{}, "scheme"],
    [{ scheme: "hmac" }, "header"],
    [{ scheme: "hmac", header: "x sig" }, "header"],
    [{ scheme: "hmac", header: "x-sig", algorithm: "md5" }, "algorithm"],
    [{ scheme: "hmac", header: "x-sig", encoding: "latin1" }, "encoding"],
    [{ scheme: "bearer", id: "" }, "id"],
    [{ scheme: "token" }, "header"],
    [{ scheme: "token", header: "x-token", id: "a b" }, "id"],
    [{ scheme: "constructor" }, "scheme"],
  ])("%j is not a valid descriptor", async (verifier, field) => {
    const wrong = { ...verifier, secret: "s" } as WebhookVerifier & { secret: string };
    await expect(verifyWebhook(post(BODY, {}), wrong)).rejects.toMatchObject({ code: "validation", field });
    expect(() => signWebhook(BODY, wrong)).toThrow(field);
  });

  test('the scheme "own" is verified only by the integration\'s code', async () => {
    const verifier = { scheme: "own", secret: "s" } as const;
    const request = post(BODY, withoutType(signWebhook(BODY, verifier)));
    await expect(verifyWebhook(request, verifier)).rejects.toMatchObject(INVALID);
  });

  test("nothing is signed without a secret", () => {
    for (const secret of [undefined, null, "", " ", []]) {
      expect(() => signWebhook(BODY, { scheme: "github", secret })).toThrow("No webhook secret is set");
    }
    expect(() => signWebhook(BODY, { scheme: "standard", secret: "whsec_" })).toThrow("base64");
  });

  test("a payload that is not JSON is a form's fields or the text", async () => {
    const verifier = { scheme: "bearer", secret: "s" } as const;
    const sent = (body: string, type: string) => {
      const request = post(body, { authorization: "Bearer s" });
      request.headers.set("content-type", type);
      return verifyWebhook(request, verifier);
    };
    expect(await sent("a=1&b=%20", "application/x-www-form-urlencoded")).toMatchObject({
      payload: { a: "1", b: " " },
    });
    expect(await sent("hello", "text/plain")).toMatchObject({ payload: "hello" });
    expect(await sent("[1]", "application/cloudevents+json")).toMatchObject({ payload: [1] });
    expect(await sent("", "text/plain")).toMatchObject({ payload: null });
    await expect(sent("hello", "application/json")).rejects.toMatchObject({ code: "bad_request" });
  });
});

function withoutType({ "content-type": _, ...headers }: Record<string, string>): Record<string, string> {
  return headers;
}

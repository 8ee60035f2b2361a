import { expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import fc from "fast-check";
import { Webhook } from "standardwebhooks";
import type { Secrets } from "../../../src/sdk/signatures/secrets.ts";
import { createVerifiers } from "../../../src/sdk/signatures/verifiers.ts";
import { verifyGitHub, verifyHmac, verifyStandardWebhook } from "./senders.ts";

const SECRET = "a secret of ours";
const BODY = JSON.stringify({ action: "opened", title: "Grüße" });

const hex = (body: string, secret = SECRET) => createHmac("sha256", secret).update(body).digest("hex");

function github(body: string, headers: Record<string, string | undefined> = {}): Request {
  const all = {
    "content-type": "application/json",
    "x-github-event": "pull_request",
    "x-github-delivery": "delivery-1",
    "x-hub-signature-256": `sha256=${hex(body)}`,
    ...headers,
  };
  const present = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return new Request("http://localhost/webhook", { method: "POST", body, headers: present });
}

const rejection = (code: string) => ({ name: "HeddleError", code });

test("GitHub: a valid signature returns the event", async () => {
  expect(await verifyGitHub(github(BODY), SECRET)).toEqual({
    event: "pull_request",
    deliveryId: "delivery-1",
    payload: { action: "opened", title: "Grüße" },
    body: BODY,
  });
  const form = `payload=${encodeURIComponent(BODY)}`;
  const request = github(form, { "content-type": "application/x-www-form-urlencoded" });
  expect((await verifyGitHub(request, SECRET)).payload).toEqual({ action: "opened", title: "Grüße" });
  const typed = github(BODY, { "content-type": "Application/JSON; charset=utf-8" });
  expect((await verifyGitHub(typed, ["old", SECRET])).event).toBe("pull_request");
});

test("GitHub: without a delivery id, copies of one body have one id", async () => {
  const anonymous = (body: string) => verifyGitHub(github(body, { "x-github-delivery": undefined }), SECRET);
  const { deliveryId } = await anonymous(BODY);
  expect(deliveryId).toMatch(/^sha256:[0-9a-f]{64}$/);
  expect((await anonymous(BODY)).deliveryId).toBe(deliveryId);
  expect((await anonymous('{"a":1}')).deliveryId).not.toBe(deliveryId);
});

const NO_SECRETS: Secrets[] = [undefined, null, "", "  ", [], [""]];
for (const secrets of NO_SECRETS) {
  test(`no verifier accepts anything with the secret ${JSON.stringify(secrets)}`, async () => {
    const signedWithNothing = github(BODY, { "x-hub-signature-256": `sha256=${hex(BODY, "")}` });
    await expect(verifyGitHub(signedWithNothing, secrets)).rejects.toMatchObject(
      rejection("invalid_signature"),
    );
    const plain = github(BODY, { "x-signature": hex(BODY, "") });
    const hmac = verifyHmac(plain, { secret: secrets, header: "x-signature" });
    await expect(hmac).rejects.toMatchObject(rejection("invalid_signature"));
    await expect(verifyStandardWebhook(standard(BODY), secrets)).rejects.toMatchObject(
      rejection("invalid_signature"),
    );
  });
}

const REFUSED: [what: string, request: () => Request, code: string][] = [
  [
    "a wrong secret",
    () => github(BODY, { "x-hub-signature-256": `sha256=${hex(BODY, "other")}` }),
    "invalid_signature",
  ],
  ["no signature", () => github(BODY, { "x-hub-signature-256": undefined }), "invalid_signature"],
  ["an empty signature", () => github(BODY, { "x-hub-signature-256": "" }), "invalid_signature"],
  ["a signature of no scheme", () => github(BODY, { "x-hub-signature-256": hex(BODY) }), "invalid_signature"],
  [
    "the same JSON written otherwise",
    () => {
      const spaced = JSON.stringify(JSON.parse(BODY), null, 1);
      return github(spaced, { "x-hub-signature-256": `sha256=${hex(BODY)}` });
    },
    "invalid_signature",
  ],
  [
    "a byte order mark that was not signed",
    () => github(`\uFEFF${BODY}`, { "x-hub-signature-256": `sha256=${hex(BODY)}` }),
    "invalid_signature",
  ],
  ["an empty body", () => github("", { "x-hub-signature-256": `sha256=${hex("")}` }), "bad_request"],
  ["no JSON", () => github("{"), "bad_request"],
  ["JSON that is no object", () => github("[1]"), "bad_request"],
  ["no event", () => github(BODY, { "x-github-event": undefined }), "bad_request"],
  ["another content type", () => github(BODY, { "content-type": "text/plain" }), "unsupported_media_type"],
  [
    "a form without a payload",
    () => github("a=1", { "content-type": "application/x-www-form-urlencoded" }),
    "bad_request",
  ],
];
for (const [what, request, code] of REFUSED) {
  test(`GitHub refuses ${what} with ${code}`, async () => {
    await expect(verifyGitHub(request(), SECRET)).rejects.toMatchObject(rejection(code));
  });
}

test("GitHub: a body that was already read is an error that says so", async () => {
  const request = github(BODY);
  await request.text();
  await expect(verifyGitHub(request, SECRET)).rejects.toThrow("use `request` in the handler");
});

test("GitHub: no signature but the right one is accepted", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.string({ minLength: 1 }),
      fc.stringMatching(/^sha256=[0-9a-f]{0,70}$/),
      async (body, signature) => {
        const accepted = await verifyGitHub(
          github(JSON.stringify({ body }), { "x-hub-signature-256": signature }),
          SECRET,
        ).then(
          () => true,
          () => false,
        );
        return !accepted;
      },
    ),
    { numRuns: 50 },
  );
});

test("HMAC: header, prefix, algorithm and encoding follow the options", async () => {
  const signed = (headers: Record<string, string>) =>
    new Request("http://localhost/", { method: "POST", body: BODY, headers });
  const good = signed({ "x-sig": `v1=${hex(BODY)}` });
  expect(await verifyHmac(good, { secret: ["new", SECRET], header: "x-sig", prefix: "v1=" })).toEqual({
    id: null,
    body: BODY,
  });
  const base64 = createHmac("sha512", SECRET).update(BODY).digest("base64");
  const options = { secret: SECRET, header: "x-sig", algorithm: "sha512", encoding: "base64" } as const;
  expect(await verifyHmac(signed({ "x-sig": base64 }), options)).toEqual({ id: null, body: BODY });
  const wrong: Record<string, string>[] = [
    {},
    { "x-sig": hex(BODY) },
    { "x-sig": "v1=" },
    { "x-sig": `v1=${hex(BODY)}00` },
    { "x-sig": `v1=zz${hex(BODY).slice(2)}` },
    { "x-sig": `v1=${hex(`${BODY} `)}` },
    { "x-sig": `V1=${hex(BODY)}` },
  ];
  for (const headers of wrong) {
    const checked = verifyHmac(signed(headers), { secret: SECRET, header: "x-sig", prefix: "v1=" });
    await expect(checked).rejects.toMatchObject(rejection("invalid_signature"));
  }
});

const KEY = `whsec_${Buffer.from("thirty-two bytes of a secret key").toString("base64")}`;

function standard(
  body: string,
  { at = new Date(), id = "msg_1", headers = {} as Record<string, string> } = {},
): Request {
  const signed = {
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
    "webhook-signature": new Webhook(KEY).sign(id, at, body),
    ...headers,
  };
  return new Request("http://localhost/", { method: "POST", body, headers: signed });
}

test("Standard Webhooks: a valid signature, and every kind of invalid one", async () => {
  expect(
    await verifyStandardWebhook(standard(BODY), [Buffer.from("another key").toString("base64"), KEY]),
  ).toEqual({
    id: "msg_1",
    event: null,
    payload: JSON.parse(BODY),
    body: BODY,
  });
  const minutes = (count: number) => new Date(Date.now() + count * 60_000);
  const refused = [
    standard(BODY, { at: minutes(-6) }),
    standard(BODY, { at: minutes(6) }),
    standard(BODY, { headers: { "webhook-id": "msg_2" } }),
    standard(BODY, { headers: { "webhook-timestamp": "soon" } }),
    standard(BODY, { headers: { "webhook-signature": "" } }),
    standard(BODY, {
      headers: {
        "webhook-signature": new Webhook(KEY).sign("msg_1", new Date(), BODY).replace("v1,", "v2,"),
      },
    }),
  ];
  for (const request of refused) {
    await expect(verifyStandardWebhook(request, KEY)).rejects.toMatchObject(rejection("invalid_signature"));
  }
  await expect(verifyStandardWebhook(standard(BODY), "not base64!")).rejects.toMatchObject(
    rejection("invalid_signature"),
  );
  await expect(verifyStandardWebhook(standard("[]"), KEY)).rejects.toMatchObject(rejection("bad_request"));
});

test("options that were forgotten are named", async () => {
  const request = () => new Request("http://heddle.internal/", { method: "POST", body: "a" });
  const { verifyHmac, verifyToken, verifyWith } = createVerifiers();
  await expect(verifyToken(request(), "a", undefined as never)).rejects.toMatchObject({ code: "validation" });
  await expect(verifyWith(request(), () => true, undefined as never)).rejects.toThrow(
    "must be { proofHeaders: [...] }",
  );
  await expect(verifyHmac(request(), undefined as never)).rejects.toMatchObject({ code: "validation" });
});

// Properties that hold for every verifier and any input.

import { describe, expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import fc from "fast-check";
import { post, SENDERS, type Sender, type Sent } from "./senders.ts";

const NOW = new Date("2026-03-04T05:06:07Z");
const UUID = "0f2c4b1e-7a55-4c3d-9b1f-2f8f6b2f9d3a";
const runs = { numRuns: 40 };
const clock = { now: () => NOW.getTime() };

const refusal = (code: string) => ({ name: "HeddleError", code });
const INVALID = refusal("invalid_signature");

const KEY = fc.uint8Array({ minLength: 12, maxLength: 40 });

function sentBy(sender: Sender): fc.Arbitrary<Sent> {
  return fc
    .record({
      fields: fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue(), { maxKeys: 4 }),
      key: KEY,
    })
    .map(({ fields, key }) => ({
      body: sender.bodyOf(fields),
      secret: sender.secretOf(key),
      id: UUID,
      at: NOW,
    }));
}

describe.each(SENDERS)("$name", (sender) => {
  const { proof, looseId, signedId } = sender;
  const genuine = (sent: Sent) => post(sent.body, sender.headers(sent));
  const check = (request: Request, secrets: Parameters<Sender["verify"]>[1]) =>
    sender.verify(request, secrets, clock);
  const without = (headers: Record<string, string>, name: string) =>
    Object.entries(headers).filter(([other]) => other !== name);

  test("a sender's request is accepted with any of the secrets", async () => {
    await fc.assert(
      fc.asyncProperty(sentBy(sender), fc.array(KEY), fc.nat(), async (sent, others, place) => {
        const secrets = others.map(sender.secretOf);
        secrets.splice(place % (secrets.length + 1), 0, sent.secret);
        expect((await check(genuine(sent), secrets)).body).toBe(sent.body);
        expect((await check(genuine(sent), sent.secret)).body).toBe(sent.body);
      }),
      runs,
    );
  });

  test("no flipped bit of the body, the secret or the signature is accepted", async () => {
    await fc.assert(
      fc.asyncProperty(sentBy(sender), fc.nat(), fc.nat(7), async (sent, at, bit) => {
        if (sender.isSigned) {
          const bytes = new TextEncoder().encode(sent.body);
          bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ (1 << bit);
          await expect(check(post(bytes, sender.headers(sent)), sent.secret)).rejects.toMatchObject(INVALID);
        }
        // The end is left unchanged, because base64 padding turned into a zero byte gives the same HMAC key.
        const secret = changed(sent.secret.slice(0, -4), at, bit) + sent.secret.slice(-4);
        await expect(check(genuine(sent), secret)).rejects.toMatchObject(INVALID);
        const headers = sender.headers(sent);
        const value = headers[proof] ?? "";
        // "Bearer" is case-insensitive, its token is not.
        const from = value.indexOf(" ") + 1;
        const wrong = value.slice(0, from) + changed(value.slice(from), at, bit);
        await expect(
          check(post(sent.body, { ...headers, [proof]: wrong }), sent.secret),
        ).rejects.toMatchObject(INVALID);
      }),
      { numRuns: 100 },
    );
  });

  test("a wrong signature is not accepted", async () => {
    await fc.assert(
      fc.asyncProperty(sentBy(sender), fc.string({ unit: "grapheme-ascii" }), async (sent, other) => {
        const headers = { ...sender.headers(sent), [proof]: other };
        await expect(check(post(sent.body, headers), sent.secret)).rejects.toMatchObject(INVALID);
      }),
      runs,
    );
    const [sent] = fc.sample(sentBy(sender), 1);
    if (!sent) throw new Error("no sample");
    const headers = without(sender.headers(sent), proof);
    await expect(check(post(sent.body, headers), sent.secret)).rejects.toMatchObject(INVALID);
  });

  test("a signature that is sent twice or spelt differently is not accepted", async () => {
    const spellings: ((value: string) => string)[] = [
      (value) => value.toUpperCase(),
      (value) => value.replace(/[a-z0-9](?=[a-z0-9]*$)/i, "$& "),
      (value) => value.replace(/.{3}$/, "\t$&"),
      (value) => `${value}=`,
      (value) => `${value}%20`,
      (value) => `${value},`,
      (value) => `"${value}"`,
      (value) => value.replace(/=$/, ""),
      (value) => value.replaceAll("+", "-").replaceAll("/", "_"),
      (value) => value.replace(/=/, "%3D"),
      (value) => `${value}, ${value}`,
      (value) => value.slice(0, -1),
    ];
    await fc.assert(
      fc.asyncProperty(sentBy(sender), fc.constantFrom(...spellings), async (sent, spell) => {
        const headers = sender.headers(sent);
        const value = headers[proof] ?? "";
        const other = spell(value);
        if (other !== value) {
          const request = post(sent.body, { ...headers, [proof]: other });
          await expect(check(request, sent.secret)).rejects.toMatchObject(INVALID);
        }
        const twice: [string, string][] = [...Object.entries(headers), [proof, value]];
        await expect(check(post(sent.body, twice), sent.secret)).rejects.toMatchObject(INVALID);
      }),
      { numRuns: 80 },
    );
  });

  if (sender.isSigned) {
    test("a signature of another algorithm is not accepted", async () => {
      const [own] = proof === "x-signature" && !looseId ? ["sha512"] : ["sha256"];
      await fc.assert(
        fc.asyncProperty(
          sentBy(sender),
          fc.constantFrom("sha1" as const, "sha256" as const, "sha512" as const, "md5" as const),
          async (sent, algorithm) => {
            if (algorithm === own) return;
            const headers = sender.headers(sent, algorithm);
            await expect(check(post(sent.body, headers), sent.secret)).rejects.toMatchObject(INVALID);
            // Nor is it with the name of the right algorithm.
            const renamed = { ...headers, [proof]: headers[proof]?.replace(/^\w+=(?!.*,)/, `${own}=`) ?? "" };
            await expect(check(post(sent.body, renamed), sent.secret)).rejects.toMatchObject(INVALID);
          },
        ),
        runs,
      );
    });
  }

  test("without a secret nothing is accepted, not even a signature with an empty key", async () => {
    const blanks = fc.constantFrom(undefined, null, "", " ", "\n", [], [""], [" ", ""], "whsec_ ".trim());
    await fc.assert(
      fc.asyncProperty(sentBy(sender), blanks, async (sent, secrets) => {
        const own = secrets === "whsec_" && sender.name !== "Standard Webhooks" && !sender.signedId;
        if (!own) await expect(check(genuine(sent), secrets)).rejects.toMatchObject(INVALID);
        const empty = sender.signedId
          ? { ...sender.headers(sent), [proof]: signedWithNothing(sent) }
          : sender.headers({ ...sent, secret: "" });
        await expect(check(post(sent.body, empty), secrets)).rejects.toMatchObject(INVALID);
      }),
      runs,
    );
  });

  test("a body over the limit is refused, announced or not", async () => {
    await fc.assert(
      fc.asyncProperty(sentBy(sender), fc.nat(), async (sent, more) => {
        const bytes = new TextEncoder().encode(sent.body);
        const maxBytes = Math.max(0, bytes.length - 1 - (more % bytes.length));
        const headers = sender.headers(sent);
        const limited = { ...clock, maxBytes };
        const tooLarge = refusal("payload_too_large");
        await expect(sender.verify(genuine(sent), sent.secret, limited)).rejects.toMatchObject(tooLarge);
        const announced = post(bytes, { ...headers, "content-length": String(bytes.length) });
        await expect(sender.verify(announced, sent.secret, limited)).rejects.toMatchObject(tooLarge);
        const exact = { ...clock, maxBytes: bytes.length };
        expect((await sender.verify(genuine(sent), sent.secret, exact)).body).toBe(sent.body);
      }),
      runs,
    );
  });

  test("a copy has the id of the first request, so that it causes no second message", async () => {
    await fc.assert(
      fc.asyncProperty(sentBy(sender), async (sent) => {
        const first = await check(genuine(sent), sent.secret);
        const again = await check(genuine(sent), sent.secret);
        expect(again).toEqual(first);
        if (looseId || signedId) expect(first.id).toBe(UUID);
      }),
      runs,
    );
  });

  if (looseId) {
    test("an id that is spelt differently or sent twice is refused", async () => {
      const others = [
        `${UUID}, ${UUID}`,
        `${UUID} ${UUID}`,
        `{${UUID}}`,
        UUID.replace("-", "%2D"),
        `"${UUID}"`,
      ];
      if (sender.name.startsWith("Git")) others.push(UUID.toUpperCase(), UUID.replace("f", "F"));
      await fc.assert(
        fc.asyncProperty(sentBy(sender), fc.constantFrom(...others), async (sent, id) => {
          const request = post(sent.body, { ...sender.headers(sent), [looseId]: id });
          await expect(check(request, sent.secret)).rejects.toMatchObject(refusal("bad_request"));
          const twice: [string, string][] = [...Object.entries(sender.headers(sent)), [looseId, UUID]];
          await expect(check(post(sent.body, twice), sent.secret)).rejects.toMatchObject(
            refusal("bad_request"),
          );
        }),
        runs,
      );
    });
  }

  if (signedId) {
    test("no other id is accepted", async () => {
      await fc.assert(
        fc.asyncProperty(sentBy(sender), fc.nat(), fc.nat(7), async (sent, at, bit) => {
          const headers = sender.headers(sent);
          const request = post(sent.body, { ...headers, [signedId]: changed(UUID, at, bit) });
          await expect(check(request, sent.secret)).rejects.toMatchObject(INVALID);
          const twice: [string, string][] = [...Object.entries(headers), [signedId, UUID]];
          await expect(check(post(sent.body, twice), sent.secret)).rejects.toMatchObject(INVALID);
        }),
        runs,
      );
    });
  }

  if (sender.isTimed) {
    test("a request is accepted for five minutes before and after, and at no other time", async () => {
      await fc.assert(
        fc.asyncProperty(sentBy(sender), fc.integer({ min: -400, max: 400 }), async (sent, seconds) => {
          const now = () => NOW.getTime() + seconds * 1000;
          const checked = sender.verify(genuine(sent), sent.secret, { now });
          if (Math.abs(seconds) <= 300) expect((await checked).body).toBe(sent.body);
          else await expect(checked).rejects.toMatchObject(INVALID);
        }),
        { numRuns: 100 },
      );
    });

    test("a wrong clock is reported to the operator, while the sender gets the usual error", async () => {
      const [sent] = fc.sample(sentBy(sender), 1) as [Sent];
      for (const [by, words] of [
        [-3600, "3,600 s ahead of this server's clock"],
        [301, "301 s behind this server's clock"],
      ] as const) {
        const checked = sender.verify(genuine(sent), sent.secret, { now: () => NOW.getTime() + by * 1000 });
        const error = await checked.catch((error) => error);
        expect(error).toMatchObject({ ...INVALID, message: "The signature does not match the body." });
        expect(error.cause.message).toContain(words);
      }
      const wrong = await sender
        .verify(genuine(sent), sender.secretOf(new Uint8Array(12)), clock)
        .catch((e) => e);
      expect(wrong).toMatchObject(INVALID);
      expect(wrong.cause).toBeUndefined();
    });

    test("a timestamp must be exactly the signed digits", async () => {
      const header = Object.keys(sender.headers({ body: "{}", secret: "whsec_AAAA", id: "1", at: NOW }));
      const name = header.find((one) => one.endsWith("timestamp"));
      const spell = fc.constantFrom(
        (t: string) => `0${t}`,
        (t: string) => `+${t}`,
        (t: string) => `${t}.0`,
        (t: string) => `${t}abc`,
        (t: string) => `0x${Number(t).toString(16)}`,
        (t: string) => `${t}000`,
        (t: string) => `-${t}`,
        () => "NaN",
        () => "Infinity",
        () => "",
        (t: string) => String(Number(t) + 1),
      );
      await fc.assert(
        fc.asyncProperty(sentBy(sender), spell, async (sent, respell) => {
          const headers = sender.headers(sent);
          const wrong = name
            ? { ...headers, [name]: respell(headers[name] ?? "") }
            : { ...headers, [proof]: headers[proof]?.replace(/(?<=t=)\d+/, respell) ?? "" };
          await expect(check(post(sent.body, wrong), sent.secret)).rejects.toMatchObject(INVALID);
        }),
        runs,
      );
    });
  }
});

/** A standard webhook's signature with an empty key. */
const signedWithNothing = ({ id, at, body }: Sent) =>
  `v1,${createHmac("sha256", "")
    .update(`${id}.${at.getTime() / 1000}.${body}`)
    .digest("base64")}`;

/** Changes one character; the result is still valid in a header or a setting. */
function changed(value: string, at: number, bit: number): string {
  const place = at % value.length;
  const other = String.fromCharCode(0x21 + ((value.charCodeAt(place) - 0x21 + 1 + bit) % 0x5d));
  return value.slice(0, place) + other + value.slice(place + 1);
}

import { expect, test } from "bun:test";
import { type Account, wantedOf } from "../../src/oauth/accounts/account.ts";
import { MissingSetting } from "../../src/sdk/errors.ts";
import { registeredAt } from "./provider.ts";

const ISSUER = "https://post.example";
const accountWith = (when: () => boolean): Account => ({
  ...registeredAt(ISSUER, {}, { when }),
  ...{ integrationId: "mail", id: "mail/post" },
});

test("an account whose when fails has a problem that people read; one that waits for a setting has none", () => {
  expect(wantedOf(accountWith(() => false))).toBe(false);
  expect(
    wantedOf(
      accountWith(() => {
        throw new MissingSetting("MAIL_KIND");
      }),
    ),
  ).toBe(false);
  expect(wantedOf(accountWith((async () => false) as never))).toEqual({
    problem: 'The when of defineOAuth("post") must return its value at once; got a promise.',
  });
});

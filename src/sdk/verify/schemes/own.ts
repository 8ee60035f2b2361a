import { generalOf, type PlainWebhook, readPlain } from "../plain.ts";
import type { SchemeKind } from "../scheme.ts";

/**
 * How a sender proves itself is in the integration's own code, which calls `verifyWith`; so as data it proves nobody. In a
 * manifest it lets `heddle receive` try the integration out: the server vouches for what it sends itself.
 */
export const own: SchemeKind<Record<never, never>, PlainWebhook> = {
  description: "The router's own code verifies, with verifyWith().",
  options: {},
  required: [],
  create: () => ({
    proofHeaders: [],
    prove(_received, { tell }) {
      tell('The scheme "own" is verified by the router\'s own code: call verifyWith() there.');
      return false;
    },
    read: (received) => readPlain(received, undefined, { mayBeEmpty: true }),
    sign: () => ({}),
  }),
  general: generalOf,
};

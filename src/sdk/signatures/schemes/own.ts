import { generalOf, type PlainWebhook, readPlain } from "../plain.ts";
import type { SchemeKind } from "../scheme.ts";

/**
 * The integration's own code authenticates the sender by calling `verifyWith`, so this scheme itself verifies
 * nothing. In a manifest it lets `heddle receive` try the integration out: the server vouches for its own requests.
 */
export const own: SchemeKind<Record<never, never>, PlainWebhook> = {
  description: "The router's own code verifies, with verifyWith().",
  options: {},
  required: [],
  create: () => ({
    proofHeaders: [],
    prove(_received, { report }) {
      report('The scheme "own" is verified by the router\'s own code: call verifyWith() there.');
      return false;
    },
    read: (received) => readPlain(received, undefined, { mayBeEmpty: true }),
    sign: () => ({}),
  }),
  general: generalOf,
};

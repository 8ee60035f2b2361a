// The table of verification schemes. A new scheme needs a file in schemes/, a line here, from which descriptors, the
// manifest's schema and `verifyWebhook` are derived, and a function in verifiers.ts.

import { bearer } from "./schemes/bearer.ts";
import { github } from "./schemes/github.ts";
import { gitlab } from "./schemes/gitlab.ts";
import { hmac } from "./schemes/hmac.ts";
import { own } from "./schemes/own.ts";
import { slack } from "./schemes/slack.ts";
import { standard } from "./schemes/standard.ts";
import { stripe } from "./schemes/stripe.ts";
import { token } from "./schemes/token.ts";

export const SCHEMES = { github, slack, standard, gitlab, stripe, bearer, token, hmac, own };

export type SchemeName = keyof typeof SCHEMES;

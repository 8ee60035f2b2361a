// "heddle/sdk" as a child process or an author's own test imports it. Inside the server the same names come
// from a module that is made for each integration (integrations/host-sdk.ts).

import { createSdk } from "./create.ts";
import { createEnvironmentBackend } from "./environment.ts";

export type { DeclaredSetting, RegisteredHook, RegisteredTool, WithToolSchema } from "./backend.ts";
export type { DashboardData } from "./dashboard.ts";
export { Permanent, Retryable } from "./errors.ts";
export type { SetupManifest } from "./manifest.ts";
export { retryAfterSeconds } from "./retry-after.ts";
export type { Settings } from "./settings.ts";
export type * from "./types.ts";
export type { SignWebhook, WebhookVerifier } from "./verify/descriptor.ts";
export type { PlainWebhook } from "./verify/plain.ts";
export type { VerifiedWebhook } from "./verify/scheme.ts";
export type { GitHubEvent } from "./verify/schemes/github.ts";
export type { GitLabEvent } from "./verify/schemes/gitlab.ts";
export type { SlackEvent } from "./verify/schemes/slack.ts";
export type { StandardWebhook } from "./verify/schemes/standard.ts";
export type { StripeEvent } from "./verify/schemes/stripe.ts";
export type { Secrets } from "./verify/secrets.ts";
export type {
  BearerOptions,
  HmacOptions,
  OwnCheck,
  OwnOptions,
  TokenOptions,
  VerifyOptions,
} from "./verify/verifiers.ts";

const sdk = createSdk(createEnvironmentBackend(process.env));

export const {
  register,
  defineConfig,
  getOrCreateSession,
  injectMessage,
  injectEvent,
  ingestDocument,
  searchDocuments,
  registerDispatcher,
  registerIntegration,
  registerHook,
  defineSetup,
  log,
  fetch,
  store,
  mayBeSecret,
  verifyGitHub,
  verifySlack,
  verifyStandardWebhook,
  verifyGitLab,
  verifyStripe,
  verifyHmac,
  verifyBearer,
  verifyToken,
  verifyWith,
  verifyWebhook,
  signWebhook,
} = sdk;

// An author who tests a tool needs no package installed; only who uses these two does.
const elysia = await import("elysia").catch((cause: unknown) => {
  const missing = (name: string) =>
    new Proxy(() => {}, {
      get: () => fail(name, cause),
      apply: () => fail(name, cause),
      construct: () => fail(name, cause),
    }) as never;
  const stand: Pick<typeof import("elysia"), "Elysia" | "t"> = { Elysia: missing("Elysia"), t: missing("t") };
  return stand;
});

// Named, or declarations of this file could not be written.
export const Elysia: typeof import("elysia").Elysia = elysia.Elysia;
export const t: typeof import("elysia").t = elysia.t;

function fail(name: string, cause: unknown): never {
  throw new Error(`${name} of heddle/sdk needs the package "elysia": install it to use this outside Heddle`, {
    cause,
  });
}

// Accounts at services in which people sign Heddle in for integrations.

import { Elysia, t } from "elysia";
import type { Caller } from "../../../../access/caller.ts";
import { ADMIN } from "../../../../access/scopes.ts";
import type { Accounts, AccountView } from "../../../../oauth/accounts/accounts.ts";
import { redirectTo } from "../../../../oauth/accounts/sign-in.ts";
import { named } from "../../../../schema/openapi-schema.ts";
import { type Auth, senderName } from "../../../auth.ts";
import { listRoute, pageOfItems, SETUP } from "../../list.ts";
import { bodyFailures, failures, type RouteOptions } from "../../route-options.ts";
import { nullable } from "../../schemas.ts";
import { type BrowserBaseOptions, browserBase } from "./browser-base.ts";
import {
  type AdminIntegrationLookup,
  findIntegration,
  IntegrationParams,
  ADMIN_TAG as tag,
} from "./integration-params.ts";
import { OAuthBegun, OAuthReturn, presentSignedIn, SignedInAnswer } from "./oauth-return.ts";

const AccountAnswer = named(
  "IntegrationAccount",
  t.Object({
    name: t.String({ description: "Its name among the integration's accounts." }),
    title: t.String({ description: "What people know the service by." }),
    is_wanted: t.Boolean({ description: "Whether the integration uses it with its settings as they are." }),
    missing_settings: t.Array(t.String(), {
      description: "Settings that must have a value before anybody can sign in.",
    }),
    problem: nullable(t.String(), "What is wrong with the settings that it depends on."),
    scope: nullable(t.String(), "What a sign-in asks for."),
    redirect_uri: nullable(
      t.String(),
      "The address to which the service sends people back; many want to know it beforehand. Null: BASE_URL has to be set first.",
    ),
    signed_in: nullable(SignedInAnswer, "The sign-in of a person. Null: there is none."),
  }),
);

const BegunAnswer = named("AccountSignIn", OAuthBegun);
const Back = named("AccountSignInReturn", OAuthReturn);
const FinishedAnswer = named(
  "AccountSignedIn",
  t.Object({
    integration_id: t.String({ description: "The integration that the account belongs to." }),
    account: t.String({ description: "The account in which Heddle is signed in now." }),
  }),
);

const Params = t.Composite([
  IntegrationParams,
  t.Object({
    name: t.String({ pattern: "^[a-z0-9][a-z0-9_-]{0,63}$", description: "The account's name." }),
  }),
]);

export interface AccountRoutes extends BrowserBaseOptions {
  accounts: Pick<Accounts, "list" | "begin" | "finish" | "end">;
  integrations: AdminIntegrationLookup;
  auth: Pick<Auth, "authenticate">;
  route: RouteOptions;
}

export function accountRoutes({ accounts, integrations, auth, route, ...at }: AccountRoutes) {
  const person = (caller: Caller) => ({ person: senderName(caller), name: caller.name });
  return new Elysia({ prefix: "/api/v1/admin", normalize: false })
    .get(
      "/integrations/:id/accounts",
      async ({ params: { id }, query, request }) => {
        findIntegration(integrations, id);
        const redirect = redirectFor(await auth.authenticate(request), at);
        const shown = accounts.list(id).map((account) => present(account, redirect));
        return pageOfItems("accounts", query, shown, ({ name }) => name);
      },
      {
        ...listRoute(route, {
          of: "integration",
          scope: "integrations:read",
          tag,
          summary: "List the accounts in which people sign Heddle in for an integration",
          key: "accounts",
          Item: AccountAnswer,
          query: SETUP,
          fails: [404],
        }),
        params: IntegrationParams,
      },
    )
    .post(
      "/integrations/:id/accounts/:name/sign-in",
      async ({ params: { id, name }, request }) => {
        const caller = await auth.authenticate(request);
        const { url, expiresAt } = await accounts.begin(id, name, {
          ...person(caller),
          base: browserBase(caller, at),
        });
        return { url, expires_at: expiresAt.toISOString() };
      },
      {
        ...route.plain({
          scope: ADMIN,
          isGrave: true,
          tag,
          summary: "Begin to sign in for an integration",
          description:
            "Answers with the service's page, which sends the browser back to the admin UI. Whoever began it finishes it, within ten minutes.",
        }),
        params: Params,
        response: { 200: BegunAnswer, ...failures(403, 404, 409, 422) },
      },
    )
    .post(
      "/account-sign-ins",
      async ({ body, request }) => {
        const { integrationId, name } = await accounts.finish(body, person(await auth.authenticate(request)));
        return { integration_id: integrationId, account: name };
      },
      {
        ...route.json({
          scope: ADMIN,
          tag,
          summary: "Finish a sign-in for an integration",
          description: "With the parameters that the service sent along. Each state counts once.",
          example: { state: "…", code: "…" },
        }),
        body: Back,
        response: { 200: FinishedAnswer, ...failures(...bodyFailures, 404, 409, 502) },
      },
    )
    .delete(
      "/integrations/:id/accounts/:name/sign-in",
      async ({ params: { id, name }, status }) => {
        await accounts.end(id, name);
        return status(204, undefined);
      },
      {
        ...route.plain({
          scope: ADMIN,
          tag,
          summary: "Sign out for an integration",
          description: "Heddle forgets the tokens, and has them taken back where the service can do that.",
        }),
        params: Params,
        response: { 204: t.Void({ description: "Signed out." }), ...failures(403, 404, 409, 422) },
      },
    );
}

/** Null where nobody could come back to. */
function redirectFor(caller: Caller, at: BrowserBaseOptions): string | null {
  try {
    return redirectTo(browserBase(caller, at));
  } catch {
    return null;
  }
}

const present = (account: AccountView, redirect: string | null) => ({
  name: account.name,
  title: account.title,
  is_wanted: account.isWanted,
  missing_settings: account.missing,
  problem: account.problem,
  scope: account.scope,
  redirect_uri: redirect,
  signed_in: presentSignedIn(account.signedIn),
});

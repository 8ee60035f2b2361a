// Signing in with a browser, and what is signed in.

import { Elysia, t } from "elysia";
import type { Caller } from "../../../access/caller.ts";
import type { SignInLinks } from "../../../access/sign-in-links.ts";
import { linkUrl } from "../../../access/sign-in-page.ts";
import type { ListedSignIn, SignIns } from "../../../access/sign-ins.ts";
import { KEY_ROWS, SIGN_IN_METHODS } from "../../../db/schema.ts";
import { HeddleError, notFound } from "../../../errors.ts";
import { named } from "../../../schema/openapi-schema.ts";
import type { Auth } from "../../auth.ts";
import { setCookie } from "../../cookie.ts";
import { siteOf } from "../../same-origin.ts";
import { readJson } from "../json-body.ts";
import { listRoute, pageOfRows, ROWS } from "../list.ts";
import { bodyFailures, failures, type RouteOptions } from "../route-options.ts";
import { Id, IdParams, Instant, InstantOf, instant, instantOrNull, nullable, oneOf } from "../schemas.ts";

const tag = "Sign-in";

const Me = named(
  "SignIn",
  t.Object({
    id: nullable(Id, "The browser's sign-in; null for a request with an API key."),
    method: nullable(oneOf(SIGN_IN_METHODS), "How the browser signed in."),
    name: t.String({ description: "The name of the key, or operator." }),
    api_key_id: nullable(Id, "The key as which the caller acts."),
    integration_id: nullable(t.String(), "The integration that the key belongs to."),
    scopes: t.Array(t.String(), { description: "What the caller may do." }),
    rows: oneOf(KEY_ROWS, "Which rows the caller reaches."),
    created_at: nullable(Instant, "When the browser signed in."),
    fresh_until: nullable(Instant, "Until then it may make keys and approve code; null: always."),
    idle_expires_at: nullable(Instant, "When the sign-in ends if it is not used."),
    expires_at: nullable(Instant, "When the sign-in or the key ends; null: never."),
  }),
);

const ListedAnswer = named(
  "ListedSignIn",
  t.Object({
    id: Id,
    current: t.Boolean({ description: "Whether it is the caller's own." }),
    method: oneOf(SIGN_IN_METHODS, "How the browser signed in."),
    name: t.String({ description: "The name of the key, or operator." }),
    api_key_id: nullable(Id, "The key as which the browser acts."),
    scopes: t.Array(t.String(), { description: "What the browser may do." }),
    origin: t.String({ description: "The address at which it signed in." }),
    user_agent: t.String({ description: "What the browser calls itself." }),
    address: t.String({
      description: "Where it signed in from: an IPv4 address, or the network of an IPv6 one.",
    }),
    last_seen_at: InstantOf("Accurate to a minute."),
    idle_expires_at: InstantOf("When it ends if it is not used."),
    expires_at: InstantOf("When it ends at the latest."),
    created_at: InstantOf("When it signed in."),
  }),
);

const Credential = named(
  "SignInCredential",
  t.Object(
    {
      link: t.Optional(t.String({ maxLength: 100, description: "The part of a sign-in link after the #." })),
      api_key: t.Optional(t.String({ maxLength: 1_000, description: "An API key." })),
    },
    { additionalProperties: false },
  ),
);

const NewLink = named(
  "NewSignInLink",
  t.Object(
    {
      scopes: t.Optional(
        t.Array(t.String(), {
          maxItems: 100,
          description: "What the browser may do. Default: what you may.",
        }),
      ),
    },
    { additionalProperties: false },
  ),
);

const LinkAnswer = named(
  "SignInLink",
  t.Object({
    id: Id,
    url: t.String({ description: "Open it in the browser, once. It cannot be read again." }),
    scopes: t.Array(t.String(), { description: "What the browser may do." }),
    expires_at: InstantOf("Until when it can be used."),
  }),
);

/** The route that needs no key. */
export const SIGN_IN_ROUTE = "/api/v1/sign-ins";
/** A stranger may send it, so the body is small. */
const BODY_BYTES = 4_000;

export interface SignInRoutes {
  signIns: Pick<SignIns, "withKey" | "withLink" | "list" | "revoke" | "verify">;
  signInLinks: Pick<SignInLinks, "create">;
  /** How long after signing in a browser may make keys and approve code. */
  signInFreshMs: number;
  addSecret: (secret: string) => void;
  publicUrl: () => string | undefined;
  localUrl: () => string;
  now?: (() => number) | undefined;
  auth: Auth;
  route: RouteOptions;
}

export function signInRoutes(options: SignInRoutes) {
  const { signIns, signInLinks, addSecret, publicUrl, localUrl, auth, route, now = Date.now } = options;

  const signIn = async (request: Request, { link, api_key }: { link?: string; api_key?: string }) => {
    const { sender, host } = auth.factsOf(request);
    // Checked first, so that a page of another site cannot use a link up.
    const site = siteOf(request.headers, host, publicUrl());
    const browser = { ...site, userAgent: request.headers.get("user-agent") ?? "", address: sender };
    if ((link === undefined) === (api_key === undefined)) {
      throw new HeddleError("validation", "Either link or api_key must be given.", { field: "link" });
    }
    const made =
      link === undefined
        ? await signIns.withKey(api_key ?? "", browser)
        : await signIns.withLink(link, browser);
    if (made) {
      addSecret(made.cookie);
      return { ...made, site };
    }
    auth.failed(request);
    throw new HeddleError(
      "unauthorized",
      link === undefined
        ? "The API key is unknown, revoked or expired."
        : "The link is unknown, used or expired. Make another with: heddle login-link",
    );
  };

  return new Elysia({ prefix: "/api/v1", normalize: false })
    .post(
      "/sign-ins",
      async ({ body, request, set, status }) => {
        const earlier = await auth.authenticate(request).catch(() => undefined);
        const { cookie, site } = await signIn(request, body);
        // Signing in again replaces the browser's sign-in, whose cookie is overwritten.
        if (earlier?.signIn) await signIns.revoke(earlier.signIn.id, earlier);
        const caller = await signIns.verify(cookie, false);
        if (!caller?.signIn) throw new HeddleError("unauthorized", "The API key has just been revoked.");
        const seconds = Math.ceil((caller.signIn.expires_at.getTime() - now()) / 1_000);
        set.headers["set-cookie"] = setCookie(site, cookie, seconds);
        return status(201, presentMe(caller, options.signInFreshMs));
      },
      {
        parse: [({ request }: { request: Request }) => readJson(request, BODY_BYTES), "json" as const],
        body: Credential,
        query: t.Object({}, { additionalProperties: false }),
        detail: {
          tags: [tag],
          summary: "Sign in with a browser",
          description:
            "Sets a cookie. Only for pages of this server: Origin must be its address. Signing in again replaces the browser's sign-in. Needs no API key.",
          security: [],
          example: { link: "once_…" },
        },
        response: { 201: Me, ...failures(...bodyFailures) },
      },
    )
    .get(
      "/sign-ins",
      async ({ query, request }) => {
        const caller = await auth.authenticate(request);
        return pageOfRows("sign_ins", query, signIns.list, (row) => presentListed(row, caller));
      },
      listRoute(route, {
        scope: "api_keys:read",
        tag,
        summary: "List the browsers that are signed in",
        description: "Newest first.",
        key: "sign_ins",
        Item: ListedAnswer,
        query: ROWS,
      }),
    )
    .delete(
      "/sign-ins/:id",
      async ({ params, request, status }) => {
        if (!(await signIns.revoke(params.id, await auth.authenticate(request))))
          throw notFound("sign-in", params.id);
        return status(204, undefined);
      },
      {
        ...route.plain({
          scope: "api_keys:write",
          tag,
          summary: "End a browser's sign-in",
          description: "It ends at once, with the streams that it opened.",
        }),
        params: IdParams,
        response: { 204: t.Void({ description: "Ended." }), ...failures(403, 404, 422) },
      },
    )
    .get(
      "/sign-in",
      async ({ request }) => presentMe(await auth.authenticate(request), options.signInFreshMs),
      {
        ...route.plain({ scope: null, tag, summary: "Who the caller is, and what it may do" }),
        response: { 200: Me, ...failures(403) },
      },
    )
    .delete(
      "/sign-in",
      async ({ request, set, status }) => {
        const caller = await auth.authenticate(request);
        if (!caller.signIn) {
          throw new HeddleError(
            "conflict",
            "Only a browser can be signed out; this request has an API key. Revoke the key instead.",
          );
        }
        await signIns.revoke(caller.signIn.id, caller);
        set.headers["set-cookie"] = setCookie(caller.signIn, "", 0);
        return status(204, undefined);
      },
      {
        ...route.plain({ scope: null, tag, summary: "Sign out" }),
        response: { 204: t.Void({ description: "Signed out." }), ...failures(403, 409) },
      },
    )
    .post(
      "/sign-in-links",
      async ({ body, request, status }) => {
        const { token, ...link } = await signInLinks.create(await auth.authenticate(request), body.scopes);
        addSecret(token);
        return status(201, {
          id: link.id,
          url: linkUrl(publicUrl() ?? localUrl(), token),
          scopes: link.scopes,
          expires_at: instant(link.expires_at),
        });
      },
      {
        ...route.json({
          scope: "api_keys:write",
          isGrave: true,
          tag,
          summary: "Make a link with which a browser signs in, once",
          example: { scopes: ["tasks:read"] },
        }),
        body: NewLink,
        response: { 201: LinkAnswer, ...failures(...bodyFailures) },
      },
    );
}

const presentMe = ({ signIn, ...caller }: Caller, freshMs: number) => ({
  id: signIn?.id ?? null,
  method: signIn?.method ?? null,
  name: caller.name,
  api_key_id: caller.id,
  integration_id: caller.integrationId,
  scopes: [...caller.scopes],
  rows: caller.rows,
  created_at: instantOrNull(signIn?.created_at ?? null),
  fresh_until: signIn ? instant(new Date(signIn.created_at.getTime() + freshMs)) : null,
  idle_expires_at: instantOrNull(signIn?.idle_expires_at ?? null),
  expires_at: instantOrNull(earliest(signIn?.expires_at ?? null, caller.expires_at)),
});

const earliest = (one: Date | null, other: Date | null): Date | null =>
  one !== null && other !== null ? (one < other ? one : other) : (one ?? other);

const presentListed = ({ caller: { signIn, ...caller }, ...row }: ListedSignIn, asking: Caller) => ({
  id: row.id,
  current: asking.signIn?.id === row.id,
  method: row.method,
  name: caller.name,
  api_key_id: row.api_key_id,
  scopes: [...caller.scopes],
  origin: row.origin,
  user_agent: row.user_agent,
  address: row.address,
  last_seen_at: instant(row.last_seen_at),
  idle_expires_at: instant(signIn?.idle_expires_at ?? row.expires_at),
  expires_at: instant(row.expires_at),
  created_at: instant(row.created_at),
});

import { Elysia, t } from "elysia";
import { PERSON_STATUSES } from "../../../db/schema.ts";
import { HeddleError, notFound } from "../../../errors.ts";
import type { People, PersonRow } from "../../../people/people.ts";
import { named } from "../../../schema/openapi-schema.ts";
import type { Auth } from "../../auth.ts";
import { INTEGRATION_FILTER, integrationIn, listRoute, pageOfRows, ROWS } from "../list.ts";
import type { Ownership } from "../ownership.ts";
import { bodyFailures, failures, type RouteOptions } from "../route-options.ts";
import { Id, IdParams, Instant, InstantOf, instant, instantOrNull, nullable, oneOf } from "../schemas.ts";

const tag = "People";
const DECISIONS = ["allowed", "blocked"] as const;

const PersonAnswer = named(
  "Person",
  t.Object({
    id: Id,
    integration_id: t.String({ description: "The integration of the service." }),
    external_id: t.String({ description: "The person's id at the service." }),
    name: t.String({ description: "The name that the person has there." }),
    place: nullable(t.String(), "Where the person asked to talk to the bots: a client id."),
    status: oneOf(
      PERSON_STATUSES,
      "pending: nobody has decided. allowed: what this person writes counts as the operator's. blocked: the person is told nothing.",
    ),
    code_expires_at: nullable(Instant, "Until when the pairing code is valid; null if there is none."),
    asked_at: nullable(Instant, "When the person asked last."),
    decided_by: nullable(t.String(), "Who allowed or blocked the person: `key:<name>`."),
    decided_at: nullable(Instant, "When."),
    created_at: InstantOf("When the person became known."),
  }),
);

const PERSON = {
  external_id: t.String({ minLength: 1, maxLength: 200, description: "The person's id at the service." }),
  // A name comes from a stranger: one that is too long is cut, and no reason to be refused.
  name: t.String({ maxLength: 4_000, description: "The name to show, cut after 200 characters." }),
};

const PersonCheck = named(
  "PersonCheck",
  t.Object(
    {
      integration_id: t.Optional(
        t.String({ minLength: 1, description: "Left out: the integration of the API key." }),
      ),
      ...PERSON,
      place: t.Optional(t.String({ minLength: 1, maxLength: 1_000, description: "Where: a client id." })),
    },
    { additionalProperties: false },
  ),
);

export interface PeopleRoutes {
  people: People;
  integrations: { whenLoaded(id: string): Promise<void>; statusOf(id: string): string | undefined };
  auth: Pick<Auth, "authenticate">;
  ownership: Pick<Ownership, "reachOf">;
  route: RouteOptions;
}

export function peopleRoutes(options: PeopleRoutes) {
  return new Elysia({ prefix: "/api/v1/people", normalize: false })
    .use(askRoutes(options))
    .use(newPeopleRoutes(options))
    .use(personRoutes(options));
}

const unknown = (id: string): Error => notFound("integration", id, "integration_id");

async function mustExist({ statusOf, whenLoaded }: PeopleRoutes["integrations"], id: string): Promise<void> {
  // Right after a start nobody knows yet which there are.
  if (statusOf(id) === undefined) await whenLoaded(id);
  if (statusOf(id) === undefined) throw unknown(id);
}

/** What integrations ask. */
function askRoutes({ people, integrations, auth, ownership, route }: PeopleRoutes) {
  return new Elysia({ normalize: false })
    .get(
      "",
      async ({ query, request }) => {
        const reach = await ownership.reachOf(request);
        const filter = { integration: integrationIn(query), status: query.status, reach };
        return pageOfRows("people", query, (page) => people.list({ ...filter, ...page }), present);
      },
      listRoute(route, {
        scope: "people:read",
        tag,
        summary: "List people",
        description: "People of the services of integrations. The last that became known comes first.",
        key: "people",
        Item: PersonAnswer,
        query: {
          ...INTEGRATION_FILTER,
          status: t.Optional(oneOf(PERSON_STATUSES, "Only people with this status.")),
          ...ROWS,
        },
      }),
    )
    .post(
      "/check",
      async ({ body: { integration_id, external_id, name, place }, request }) => {
        const { integrationId: own } = await auth.authenticate(request);
        const integration = integration_id ?? own;
        if (integration === null) {
          throw new HeddleError(
            "validation",
            "integration_id is missing: the API key belongs to no integration.",
            {
              field: "integration_id",
            },
          );
        }
        if (own !== null && integration !== own) throw unknown(integration);
        await mustExist(integrations, integration);
        return people.check(integration, { id: external_id, name, ...(place !== undefined && { place }) });
      },
      {
        ...route.json({
          scope: "people:use",
          tag,
          summary: "Ask about a person",
          description:
            "For integrations: may this person talk to the bots? Somebody unknown becomes pending and gets a pairing code. The same code is answered for an hour; at most three people of an integration have one.",
          example: { integration_id: "telegram", external_id: "42", name: "Ada" },
        }),
        body: PersonCheck,
        response: {
          200: named(
            "CheckedPerson",
            t.Object({
              status: oneOf(PERSON_STATUSES, "What is decided."),
              code: nullable(
                t.String(),
                "For the person to pass on to the operator; null if there is none, because it is decided or too many wait.",
              ),
            }),
          ),
          ...failures(...bodyFailures, 404),
        },
      },
    );
}

/** The caller's name in decisions. Throws `forbidden` for the key of an integration: it must not trust people by itself. */
function createDecider({ auth }: Pick<PeopleRoutes, "auth">) {
  return async (request: Request): Promise<string> => {
    const { name, integrationId } = await auth.authenticate(request);
    if (integrationId === null) return `key:${name}`;
    throw new HeddleError("forbidden", "A person must decide: this API key belongs to an integration.");
  };
}

function newPeopleRoutes({ people, integrations, auth, route }: PeopleRoutes) {
  const decider = createDecider({ auth });
  return new Elysia({ normalize: false })
    .post(
      "",
      async ({ body: { integration_id, external_id, ...person }, request, status }) => {
        const by = await decider(request);
        await mustExist(integrations, integration_id);
        const added = { ...person, integrationId: integration_id, id: external_id };
        return status(201, present(await people.add(added, by)));
      },
      {
        ...route.json({
          scope: "people:write",
          tag,
          summary: "Allow or block somebody who has not asked",
          description: "409 if the person is known already.",
          example: { integration_id: "telegram", external_id: "42", name: "Ada", status: "allowed" },
        }),
        body: named(
          "NewPerson",
          t.Object(
            {
              integration_id: t.String({ minLength: 1, description: "The integration of the service." }),
              ...PERSON,
              status: oneOf(DECISIONS, "What is decided about the person."),
            },
            { additionalProperties: false },
          ),
        ),
        response: { 201: PersonAnswer, ...failures(...bodyFailures, 404, 409) },
      },
    )
    .post(
      "/pair",
      async ({ body: { code }, request }) => present(await people.pair(code, await decider(request))),
      {
        ...route.json({
          scope: "people:write",
          tag,
          summary: "Allow a person by the pairing code",
          description:
            "404 if nobody has the code now. After five wrong codes, all that were valid in the meantime stop being valid.",
          example: { code: "7KQ2-MXRD" },
        }),
        body: named(
          "Pairing",
          t.Object(
            {
              code: t.String({
                minLength: 1,
                maxLength: 40,
                description: "As the person was shown it; case, spaces and hyphens do not matter.",
              }),
            },
            { additionalProperties: false },
          ),
        ),
        response: { 200: PersonAnswer, ...failures(...bodyFailures, 404) },
      },
    );
}

function personRoutes({ people, auth, ownership, route }: PeopleRoutes) {
  const decider = createDecider({ auth });
  return new Elysia({ normalize: false })
    .get(
      "/:id",
      async ({ params, request }) => present(await people.get(params.id, await ownership.reachOf(request))),
      {
        ...route.plain({ of: "person", scope: "people:read", tag, summary: "Fetch a person" }),
        params: IdParams,
        response: { 200: PersonAnswer, ...failures(403, 404, 422) },
      },
    )
    .patch(
      "/:id",
      async ({ params, body, request }) => {
        const by = await decider(request);
        return present(await people.decide(params.id, body.status, by, await ownership.reachOf(request)));
      },
      {
        ...route.json({
          of: "person",
          scope: "people:write",
          tag,
          summary: "Allow or block a person",
          description: "It holds for messages from now on.",
          example: { status: "allowed" },
        }),
        params: IdParams,
        body: named(
          "PersonDecision",
          t.Object({ status: oneOf(DECISIONS, "What holds from now on.") }, { additionalProperties: false }),
        ),
        response: { 200: PersonAnswer, ...failures(...bodyFailures, 404) },
      },
    )
    .delete(
      "/:id",
      async ({ params, request, status }) => {
        await decider(request);
        await people.remove(params.id, await ownership.reachOf(request));
        return status(204, undefined);
      },
      {
        ...route.plain({
          of: "person",
          scope: "people:write",
          tag,
          summary: "Forget a person",
          description: "The person is a stranger again, and can ask again.",
        }),
        params: IdParams,
        response: { 204: t.Void({ description: "Forgotten." }), ...failures(403, 404, 422) },
      },
    );
}

const present = ({ code: _code, code_tries: _tries, ...row }: PersonRow) => ({
  ...row,
  code_expires_at: instantOrNull(row.code_expires_at),
  asked_at: instantOrNull(row.asked_at),
  decided_at: instantOrNull(row.decided_at),
  created_at: instant(row.created_at),
});

import { Elysia, t } from "elysia";
import type { CapabilitiesOf } from "../../../capabilities/effective-set.ts";
import type { Carapace } from "../../../content/carapaces/carapace.ts";
import type { Carapaces } from "../../../content/carapaces/carapaces.ts";
import { SkillEntry } from "../../../content/skills/skill.ts";
import { notFound } from "../../../errors.ts";
import { named } from "../../../schema/openapi-schema.ts";
import { failures, type RouteOptions } from "../route-options.ts";
import {
  ContentParams,
  ContentSource,
  contentSource,
  IdPageQuery,
  NextCursor,
  pageById,
  RestOfPath,
} from "../schemas.ts";

const tag = "Carapaces";

const CarapaceAnswer = named(
  "Carapace",
  t.Object({
    id: t.String(),
    name: t.String(),
    description: t.String(),
    ...ContentSource,
    skills: t.Array(SkillEntry),
    local_tools: t.Array(t.String()),
    mcp_tools: t.Array(t.String()),
    pinned_tools: t.Array(t.String()),
    system_prompt_fragment: t.String(),
    includes: t.Array(t.String()),
    delegates: t.Array(
      t.Object({
        id: t.String(),
        type: t.Optional(t.String()),
        description: t.Optional(t.String()),
        model_tier: t.Optional(t.String()),
      }),
    ),
    tags: t.Array(t.String()),
    requires: t.Object({ tools: t.Array(t.String()) }),
  }),
);

const Resolved = named(
  "ResolvedCapabilities",
  t.Object(
    {
      carapaces: t.Array(t.String(), {
        description: "Itself and what it includes, each once and before what includes it.",
      }),
      tools: t.Array(t.String()),
      skills: t.Array(t.String(), { description: "Pinned ones: their text is in every run." }),
      on_demand_skills: t.Array(t.String()),
      fragments: t.Array(t.Object({ id: t.String(), text: t.String() })),
      warnings: t.Array(t.String(), { description: "What is named and not there." }),
    },
    { description: "What a bot gets that has just this carapace." },
  ),
);

export interface CarapaceRoutes {
  carapaces: Pick<Carapaces, "get" | "list">;
  capabilitiesOf: CapabilitiesOf;
  route: RouteOptions;
}

export function carapaceRoutes({ carapaces, capabilitiesOf, route }: CarapaceRoutes) {
  const fetchOne = (id: string) => {
    const carapace = carapaces.get(id);
    if (!carapace) throw notFound("carapace", id);
    return { ...present(carapace), resolved: resolve(capabilitiesOf, carapace.id) };
  };
  const documented = {
    ...route.plain({
      scope: "carapaces:read",
      tag,
      summary: "Fetch a carapace, and what it comes to",
      description: "Slashes in the id may be encoded, or stand as they are.",
    }),
    params: ContentParams,
    response: {
      200: t.Object({ ...CarapaceAnswer.properties, resolved: Resolved }),
      ...failures(403, 404, 422),
    },
  };

  return (
    new Elysia({ prefix: "/api/v1/carapaces", normalize: false })
      .get(
        "",
        ({ query }) => {
          const { rows, next_cursor } = pageById(carapaces.list(), query);
          return { carapaces: rows.map(present), next_cursor };
        },
        {
          ...route.plain({
            scope: "carapaces:read",
            tag,
            summary: "List carapaces",
            description:
              "Capability bundles: tools, skills and prompt text that a bot or a channel gets together.",
          }),
          query: t.Object(IdPageQuery, { additionalProperties: false }),
          response: {
            200: t.Object({ carapaces: t.Array(CarapaceAnswer), next_cursor: NextCursor }),
            ...failures(403, 422),
          },
        },
      )
      .get("/:id", ({ params }) => fetchOne(params.id), documented)
      // Written out, an id's slashes are parts of the path.
      .get("/*", ({ params }) => fetchOne(params["*"]), {
        ...documented,
        params: RestOfPath,
        detail: { hide: true },
      })
  );
}

const present = ({ origin, file: _server, ...carapace }: Carapace) => ({
  ...carapace,
  ...contentSource(origin),
});

function resolve(capabilitiesOf: CapabilitiesOf, id: string): (typeof Resolved)["static"] {
  const { carapaces, tools, skills, onDemand, fragments, warnings } = capabilitiesOf({
    bot: { tools: [], skills: [], carapaces: [id] },
    channel: {
      skills: [],
      carapaces: [],
      carapaces_disabled: [],
      tools_disabled: [],
      template_id: null,
      workspace: true,
      activations: [],
    },
    message: { skills: [], tools: [], text: "" },
  });
  return {
    carapaces,
    tools: tools.own,
    skills: skills.map((skill) => skill.id),
    on_demand_skills: onDemand.map((skill) => skill.id),
    fragments,
    warnings,
  };
}

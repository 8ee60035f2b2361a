// Tools for the states, services and history of a home.

import { register, t } from "heddle/sdk";
import { api, nameOf, type State } from "../client.ts";
import { isListed, settings } from "../config.ts";

const ENTITY = t.String({
  pattern: "^[a-z0-9_]{1,60}\\.[a-z0-9_]{1,200}$",
  description: "Such as light.kitchen",
});
const MOST_STATES = 200;
const MOST_CHANGES = 500;
const LONGEST_HOURS = 24 * 14;

const shown = (state: State) => ({
  entity_id: state.entity_id,
  name: nameOf(state),
  state: state.state,
  ...(state.attributes.unit_of_measurement !== undefined && { unit: state.attributes.unit_of_measurement }),
  since: state.last_changed,
});

export const getStates = register(
  {
    name: "homeassistant_get_states",
    annotations: { readOnly: true },
    description:
      "See states of the home: what is on, open, at home, how warm. Filter, because a home has many.",
    parameters: t.Object({
      entities: t.Optional(
        t.String({
          maxLength: 1_000,
          description: "Patterns, separated by commas: light.*, sensor.*_temperature",
        }),
      ),
      search: t.Optional(t.String({ maxLength: 100, description: "A word in the name: kitchen" })),
    }),
  },
  async ({ entities = "*", search = "" }, { signal }) => {
    const states = await api.get("/api/states", { signal }).json<State[]>();
    const word = search.toLowerCase();
    const found = states.filter(
      (state) =>
        isListed(entities, state.entity_id) &&
        `${nameOf(state)} ${state.entity_id}`.toLowerCase().includes(word),
    );
    return {
      states: found.slice(0, MOST_STATES).map(shown),
      further: Math.max(0, found.length - MOST_STATES),
    };
  },
);

export const getState = register(
  {
    name: "homeassistant_get_state",
    annotations: { readOnly: true },
    description: "See one state with all its attributes.",
    parameters: t.Object({ entity_id: ENTITY }),
  },
  async ({ entity_id }, { signal }) => {
    const answer = await api.get(`/api/states/${entity_id}`, { signal });
    if (answer.status === 404)
      return { error: `There is no entity ${entity_id}; look with homeassistant_get_states.` };
    if (!answer.ok) throw new Error(`Home Assistant answered ${answer.status}.`);
    const state = (await answer.json()) as State;
    return { ...shown(state), attributes: state.attributes };
  },
);

export const getHistory = register(
  {
    name: "homeassistant_get_history",
    annotations: { readOnly: true },
    description: "See how a state changed.",
    parameters: t.Object({
      entity_id: ENTITY,
      hours: t.Optional(
        t.Number({
          exclusiveMinimum: 0,
          maximum: LONGEST_HOURS,
          description: "How far back to look; default 24",
        }),
      ),
    }),
  },
  async ({ entity_id, hours = 24 }, { signal }) => {
    const from = new Date(Date.now() - hours * 3_600_000).toISOString();
    const [history = []] = await api
      .get(`/api/history/period/${encodeURIComponent(from)}`, {
        signal,
        query: { filter_entity_id: entity_id, end_time: new Date().toISOString(), no_attributes: "" },
      })
      .json<State[][]>();
    const changes = history.map(({ state, last_changed }) => ({ state, at: last_changed }));
    return { changes: changes.slice(-MOST_CHANGES), earlier: Math.max(0, changes.length - MOST_CHANGES) };
  },
);

export const listServices = register(
  {
    name: "homeassistant_list_services",
    annotations: { readOnly: true },
    description: "List the services that you may call, with their fields.",
    parameters: t.Object({ domain: t.Optional(t.String({ maxLength: 60, description: "Such as light" })) }),
  },
  async ({ domain }, { signal }) => {
    const all = await api.get("/api/services", { signal }).json<Domain[]>();
    return all
      .filter((one) => domain === undefined || one.domain === domain)
      .flatMap((one) =>
        Object.entries(one.services).map(([name, { description, fields = {}, response }]) => ({
          service: `${one.domain}.${name}`,
          description,
          fields: Object.keys(fields),
          ...(response && { return_response: response.optional ? "optional" : "required" }),
        })),
      )
      .filter(({ service }) => isListed(settings.HOMEASSISTANT_ALLOWED_SERVICES, service));
  },
);

interface Domain {
  domain: string;
  services: Record<
    string,
    { description?: string; fields?: Record<string, unknown>; response?: { optional: boolean } }
  >;
}

export const callService = register(
  {
    name: "homeassistant_call_service",
    annotations: { destructive: true },
    description:
      "Call a service of the home: switch a light, start a scene, play something. Only when somebody asked for it.",
    parameters: t.Object({
      service: t.String({
        pattern: "^[a-z0-9_]{1,60}\\.[a-z0-9_]{1,100}$",
        description: "Such as light.turn_on",
      }),
      entity_id: t.Optional(t.Union([ENTITY, t.Array(ENTITY, { maxItems: 50 })])),
      data: t.Optional(
        t.Object({}, { additionalProperties: true, description: "Further fields, such as brightness_pct" }),
      ),
      return_response: t.Optional(
        t.Boolean({
          description: "true for services that answer: forecasts, events of calendars, to-do items",
        }),
      ),
    }),
  },
  async ({ service, entity_id, data = {}, return_response = false }, { signal }) => {
    if (!isListed(settings.HOMEASSISTANT_ALLOWED_SERVICES, service))
      return {
        error: `The service ${service} is not among HOMEASSISTANT_ALLOWED_SERVICES. Tell the person; do not look for another way.`,
      };
    const body = { ...data, ...(entity_id !== undefined && { entity_id }) };
    const path = `/api/services/${service.replace(".", "/")}`;
    const answer = await api.post(path, body, {
      signal,
      ...(return_response && { query: { return_response: "true" } }),
    });
    if (answer.status === 400) {
      await answer.body?.cancel();
      return {
        error:
          `Home Assistant refused ${service}: there is no such service, a field does not fit, or it wants return_response to be ` +
          `${!return_response}.`,
      };
    }
    if (!answer.ok) throw new Error(`Home Assistant answered ${answer.status}.`);
    const done = (await answer.json()) as State[] | { changed_states: State[]; service_response: unknown };
    if (Array.isArray(done)) return { changed: done.map(shown) };
    return { changed: done.changed_states.map(shown), response: done.service_response as never };
  },
);

export const assist = register(
  {
    name: "homeassistant_assist",
    annotations: { destructive: true },
    description:
      'Give Home Assistant\'s own assistant a sentence, such as "turn off all lights upstairs"; it answers in words.',
    parameters: t.Object({
      text: t.String({ minLength: 1, maxLength: 1_000 }),
      language: t.Optional(t.String({ pattern: "^[a-z]{2}(-[A-Z]{2})?$" })),
    }),
  },
  async ({ text, language }, { signal }) => {
    if (!isListed(settings.HOMEASSISTANT_ALLOWED_SERVICES, "conversation.process"))
      return {
        error:
          "Assist may do anything in the home; add conversation.process to HOMEASSISTANT_ALLOWED_SERVICES to allow it.",
      };
    const body = { text, ...(language && { language }) };
    const { response } = await api.post("/api/conversation/process", body, { signal }).json<{
      response: { response_type: string; speech?: { plain?: { speech?: string } } };
    }>();
    return { type: response.response_type, speech: response.speech?.plain?.speech ?? "" };
  },
);

import { describe, expect, test } from "bun:test";
import { type Bindable, bindablesIn, checkBinding } from "../../src/channels/check-binding.ts";
import { HeddleError } from "../../src/errors.ts";

const camera: Bindable = {
  integration_type: "camera",
  integration_id: "camera",
  prefix: "cam:",
  binding: {
    event_types: ["motion", { value: "person" }],
    config_fields: [
      { key: "zone", type: "string" },
      { key: "min_score", type: "number", default: 0.6 },
      { key: "night", type: "boolean" },
      { key: "labels", type: "multiselect", options: ["cat", { value: "dog" }] },
    ],
  },
};
const fields = { client_id: "cam:door", event_filter: null, config: {} };

test("a valid binding passes, with defaults for fields that are left out", () => {
  const config = { zone: "porch", night: true, labels: ["dog"] };
  expect(checkBinding(camera, { ...fields, event_filter: ["person"], config })).toEqual({
    client_id: "cam:door",
    event_filter: ["person"],
    config: { ...config, min_score: 0.6 },
  });
  // An empty list would be a binding to no event.
  expect(checkBinding(camera, { ...fields, event_filter: [] }).event_filter).toBeNull();
});

describe("an invalid binding is refused with the field", () => {
  test.each<[string, Partial<typeof fields> & { event_filter?: string[] }]>([
    ["client_id", { client_id: "door" }],
    ["client_id", { client_id: "cam:" }],
    ["event_filter.1", { event_filter: ["motion", "noise"] } as never],
    ["config.colour", { config: { colour: "red" } }],
    ["config.zone", { config: { zone: 1 } }],
    ["config.min_score", { config: { min_score: "0.5" } }],
    ["config.night", { config: { night: "yes" } }],
    ["config.labels", { config: { labels: "dog" } }],
    ["config.labels", { config: { labels: ["dog", "bird"] } }],
  ])("%s", (field, wrong) => {
    let thrown: unknown;
    try {
      checkBinding(camera, { ...fields, ...wrong });
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(HeddleError);
    expect(thrown).toMatchObject({ code: "validation", field });
  });
});

test("a live integration is bindable by its metadata, otherwise by its id and manifest", () => {
  const meta = { integrationType: "chat", clientIdPrefix: "chat:" };
  const setup = { binding: { client_id_prefix: "cam:", event_types: ["motion"] } };
  const all = [
    { id: "my_chat", isLive: true, meta, setup: null },
    { id: "camera", isLive: true, meta: null, setup },
    { id: "gone", isLive: false, meta: null, setup },
    { id: "plain", isLive: true, meta: null, setup: null },
  ];
  expect(bindablesIn(all)).toEqual([
    { integration_type: "chat", integration_id: "my_chat", prefix: "chat:", binding: {} },
    { integration_type: "camera", integration_id: "camera", prefix: "cam:", binding: setup.binding },
  ]);
});

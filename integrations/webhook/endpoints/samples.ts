// An event of each service with a preset, as its documentation shows it, shortened.

import type { PresetName } from "./presets.ts";

const ALERT = {
  version: "4",
  groupKey: '{}:{alertname="TestFromHeddle"}',
  status: "firing",
  receiver: "heddle",
  groupLabels: { alertname: "TestFromHeddle" },
  commonLabels: { alertname: "TestFromHeddle", severity: "info", instance: "test" },
  commonAnnotations: { summary: "A test from Heddle: nothing is wrong" },
  externalURL: "http://alertmanager.example",
  alerts: [
    {
      status: "firing",
      labels: { alertname: "TestFromHeddle", severity: "info", instance: "test" },
      annotations: { summary: "A test from Heddle: nothing is wrong" },
      startsAt: "2026-01-01T00:00:00.000Z",
    },
  ],
};

export const SAMPLES: Record<PresetName, object> = {
  sentry: {
    action: "created",
    data: {
      issue: {
        title: "TypeError: a test from Heddle",
        level: "error",
        culprit: "checkout/total",
        project: { slug: "shop" },
        web_url: "https://sentry.example/issues/1/",
        metadata: { type: "TypeError", value: "a test from Heddle" },
      },
    },
  },
  alertmanager: ALERT,
  grafana: { ...ALERT, title: "[FIRING:1] TestFromHeddle", state: "alerting" },
  linear: {
    action: "create",
    type: "Issue",
    actor: { name: "Heddle" },
    data: {
      identifier: "TEST-1",
      title: "A test from Heddle",
      description: "Does this reach a bot?",
      state: { name: "Todo" },
      priorityLabel: "Low",
    },
    url: "https://linear.example/issue/TEST-1",
  },
  stripe: {
    id: "evt_test",
    type: "charge.succeeded",
    livemode: false,
    data: { object: { id: "ch_test", amount: 100, currency: "eur", description: "A test from Heddle" } },
  },
};

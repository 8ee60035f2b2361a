// Webhooks as the services of the presets send them, from their documentation.

const ALERT = (status: string) => ({
  version: "4",
  groupKey: '{}:{alertname="DiskFull"}',
  truncatedAlerts: 0,
  status,
  receiver: "heddle",
  groupLabels: { alertname: "DiskFull" },
  commonLabels: { alertname: "DiskFull", severity: "critical", instance: "db-1" },
  commonAnnotations: { summary: "The disk of db-1 is full" },
  externalURL: "http://alertmanager.example:9093",
  alerts: [
    {
      status,
      labels: { alertname: "DiskFull", severity: "critical", instance: "db-1" },
      annotations: { summary: "The disk of db-1 is full" },
      startsAt: "2026-11-29T03:00:00.000Z",
      endsAt: status === "resolved" ? "2026-11-29T03:10:00.000Z" : "0001-01-01T00:00:00Z",
      generatorURL: "http://prometheus.example:9090/graph",
      fingerprint: "c4b28f0bb1d3a2e1",
    },
  ],
});

/** Two webhooks of each service, and a text that the message of the first must contain. */
export const PAYLOADS: Record<string, { first: object; second: object; shows: string }> = {
  sentry: {
    first: {
      action: "created",
      installation: { uuid: "a8e5d37a-696c-4c54-adb5-b3f28d64c7de" },
      data: {
        issue: {
          ...{ id: "1117540176", shortId: "SHOP-1", title: "TypeError: total is undefined", level: "error" },
          ...{ culprit: "checkout/total", web_url: "https://sentry.example/issues/1117540176/" },
          ...{ project: { slug: "shop" }, metadata: { type: "TypeError", value: "total is undefined" } },
        },
      },
      actor: { type: "application", id: "sentry", name: "Sentry" },
    },
    second: {
      action: "triggered",
      data: { event: { title: "Timeout" }, triggered_rule: "Pages" },
      actor: {},
    },
    shows: "TypeError: total is undefined",
  },
  alertmanager: { first: ALERT("firing"), second: ALERT("resolved"), shows: "The disk of db-1 is full" },
  grafana: {
    first: { ...ALERT("firing"), orgId: 1, title: "[FIRING:1] DiskFull", state: "alerting", message: "" },
    second: { ...ALERT("resolved"), orgId: 1, title: "[RESOLVED] DiskFull", state: "ok", message: "" },
    shows: "[FIRING:1] DiskFull",
  },
  linear: {
    first: {
      ...{
        action: "create",
        type: "Issue",
        createdAt: "2026-11-29T03:00:00.000Z",
        webhookTimestamp: 1_795_921_200_000,
      },
      data: {
        ...{ id: "2174add1", identifier: "OPS-7", title: "The backup failed", description: "Since Monday." },
        ...{ state: { name: "Todo" }, priorityLabel: "Urgent", assignee: { name: "Ada" } },
      },
      ...{ actor: { name: "Ben" }, url: "https://linear.example/OPS-7", webhookId: "000042e3" },
    },
    second: { action: "create", type: "Comment", data: { body: "Mended." }, actor: { name: "Ada" } },
    shows: "OPS-7",
  },
  stripe: {
    first: {
      ...{ id: "evt_1", object: "event", type: "invoice.payment_failed", livemode: true },
      data: { object: { object: "invoice", customer: "cus_1", amount_due: 2_000 } },
    },
    second: { id: "evt_2", object: "event", type: "charge.dispute.created", data: { object: {} } },
    shows: "invoice.payment_failed",
  },
};

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

const SENTRY = {
  installation: { uuid: "a8e5d37a-696c-4c54-adb5-b3f28d64c7de" },
  actor: { type: "application", id: "sentry", name: "Sentry" },
};
const SENTRY_ISSUE = (id: string) => ({
  ...{ id, shareId: null, shortId: "SHOP-1", title: "TypeError: total is undefined", level: "error" },
  ...{ culprit: "checkout/total", permalink: null, logger: null, status: "unresolved", statusDetails: {} },
  ...{ isPublic: false, platform: "javascript", type: "error", numComments: 0, assignedTo: null },
  ...{ project: { id: "1", name: "Shop", slug: "shop", platform: "javascript" } },
  ...{ metadata: { type: "TypeError", value: "total is undefined", filename: "/app/checkout.js" } },
  ...{ isBookmarked: false, isSubscribed: false, hasSeen: false, annotations: [], count: "1", userCount: 1 },
  ...{ firstSeen: "2026-11-29T02:59:40.000000Z", lastSeen: "2026-11-29T02:59:40.000000Z" },
  web_url: `https://acme.sentry.example/issues/${id}/`,
});
const SENTRY_ALERT = (issue_id: string) => ({
  ...{ action: "triggered", ...SENTRY },
  data: {
    event: {
      ...{ event_id: "e4874d664c3540c1a32eab185f12c5ab", issue_id, project: 1, platform: "javascript" },
      ...{ title: "TypeError: total is undefined", level: "error", culprit: "checkout/total", type: "error" },
      ...{ datetime: "2026-11-29T03:00:00.000000Z", timestamp: 1_796_007_600, tags: [["browser", "Chrome"]] },
      metadata: { type: "TypeError", value: "total is undefined" },
      web_url: `https://acme.sentry.example/issues/${issue_id}/events/e4874d664c3540c1a32eab185f12c5ab/`,
      issue_url: `https://sentry.example/api/0/issues/${issue_id}/`,
    },
    triggered_rule: "Pages",
  },
});

const LINEAR = (type: string, action: string, data: object) => ({
  ...{ action, type, createdAt: "2026-11-29T03:00:00.000Z", organizationId: "b7f2c1d0", data },
  ...{ actor: { id: "b5ea5f1f", type: "user", name: "Ben", email: "ben@acme.example" } },
  ...{ url: "https://linear.example/acme/issue/OPS-7/the-backup-failed" },
  ...{ webhookTimestamp: 1_796_007_600_000, webhookId: "000042e3-d123-4980-b49f-8e140eef9329" },
});
const LINEAR_ISSUE = (id: string) => ({
  ...{ id, number: 7, identifier: "OPS-7", title: "The backup failed", description: "Since Monday." },
  ...{ priority: 1, priorityLabel: "Urgent", teamId: "72b2a2dc", labels: [], labelIds: [] },
  ...{ state: { id: "e4b1", color: "#e2e2e2", name: "Todo", type: "unstarted" } },
  ...{ team: { id: "72b2a2dc", key: "OPS", name: "Operations" }, assignee: { id: "a1", name: "Ada" } },
});

const STRIPE = (id: string, type: string, object: object) => ({
  ...{ id, object: "event", api_version: "2026-10-29", created: 1_796_007_600, livemode: true, type },
  ...{ data: { object }, pending_webhooks: 1, request: { id: null, idempotency_key: null } },
});

/** Three webhooks of each service, of which the first two belong together, and a text that the message of the first must contain. */
export const PAYLOADS: Record<string, { first: object; second: object; other: object; shows: string }> = {
  sentry: {
    first: { action: "created", ...SENTRY, data: { issue: SENTRY_ISSUE("1117540176") } },
    second: SENTRY_ALERT("1117540176"),
    other: SENTRY_ALERT("1170820242"),
    shows: "TypeError: total is undefined",
  },
  alertmanager: {
    ...{ first: ALERT("firing"), second: ALERT("resolved"), shows: "The disk of db-1 is full" },
    other: { ...ALERT("firing"), groupKey: '{}:{alertname="CpuHot"}' },
  },
  grafana: {
    first: { ...ALERT("firing"), orgId: 1, title: "[FIRING:1] DiskFull", state: "alerting", message: "" },
    second: { ...ALERT("resolved"), orgId: 1, title: "[RESOLVED] DiskFull", state: "ok", message: "" },
    other: {
      ...ALERT("firing"),
      groupKey: "{}/{}:{}",
      orgId: 1,
      title: "[FIRING:1]",
      state: "alerting",
      message: "",
    },
    shows: "[FIRING:1] DiskFull",
  },
  linear: {
    first: LINEAR("Issue", "create", LINEAR_ISSUE("2174add1-f7c8-44e3-bbf3-2d60b5ea8bc9")),
    second: LINEAR("Comment", "create", {
      ...{ id: "5c1f8a2e", body: "Mended.", userId: "b5ea5f1f", reactionData: [] },
      issueId: "2174add1-f7c8-44e3-bbf3-2d60b5ea8bc9",
      issue: { id: "2174add1-f7c8-44e3-bbf3-2d60b5ea8bc9", title: "The backup failed" },
    }),
    other: LINEAR("Issue", "update", LINEAR_ISSUE("ffffadd1-f7c8-44e3-bbf3-2d60b5ea8bc9")),
    shows: "OPS-7",
  },
  stripe: {
    first: STRIPE("evt_1", "invoice.payment_failed", {
      ...{
        id: "in_1",
        object: "invoice",
        customer: "cus_1",
        amount_due: 2_000,
        currency: "eur",
        attempt_count: 2,
      },
    }),
    second: STRIPE("evt_2", "customer.subscription.deleted", {
      ...{ id: "sub_1", object: "subscription", customer: "cus_1", status: "canceled" },
    }),
    other: STRIPE("evt_3", "charge.dispute.created", {
      ...{ id: "dp_1", object: "dispute", charge: "ch_1", amount: 2_000, reason: "fraudulent" },
    }),
    shows: "invoice.payment_failed",
  },
};

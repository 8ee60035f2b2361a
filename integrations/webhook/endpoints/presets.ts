// What an endpoint needs for a well-known sender: how it proves itself, what tells its events and conversations apart, and a prompt.

import type { WebhookVerifier } from "heddle/sdk";
import type { Endpoint } from "./endpoint.ts";
import { SAMPLES } from "./samples.ts";

export const PRESET_NAMES = ["sentry", "alertmanager", "grafana", "linear", "stripe"] as const;
export type PresetName = (typeof PRESET_NAMES)[number];

export interface Preset {
  name: PresetName;
  label: string;
  verifier: WebhookVerifier;
  prompt_template: string;
  idempotency_pointer: string | null;
  session_pointer: string | null;
  execution_config: NonNullable<Endpoint["execution_config"]>;
  /** What to enter at the sender, where {url} and {secret} stand for the endpoint's; a configuration file after an empty line. */
  instructions: string;
  /** Whether the sender makes the secret, so that it must be entered here. */
  sender_makes_secret: boolean;
  /** An event as the sender would send it, to try the endpoint with. */
  sample: object;
}

const TELLS_PEOPLE =
  "Say in a few sentences what happened, how grave it is, and what to look at first. Guess nothing that is not in the event; say what you do not know.";

type Given = Omit<Preset, "execution_config" | "sample"> & { about: string };

const preset = (fields: Given): Preset => {
  const { about, ...rest } = fields;
  return {
    ...rest,
    sample: SAMPLES[rest.name],
    execution_config: {
      system_preamble: `${about} ${TELLS_PEOPLE}`,
      skills: ["integrations/webhook/webhook"],
    },
  };
};

const ALERTS = `{{status}}: {{commonAnnotations.summary}} {{commonLabels.alertname}}

Labels of the group: {{groupLabels}}
Common labels: {{commonLabels}}
Annotations: {{commonAnnotations}}
Alerts: {{alerts}}
Where: {{externalURL}}`;

const PRESETS: readonly Preset[] = [
  preset({
    name: "sentry",
    label: "Sentry",
    // https://docs.sentry.io/organization/integrations/integration-platform/webhooks/
    verifier: { scheme: "hmac", header: "sentry-hook-signature" },
    about: "Sentry reports an error of an application.",
    prompt_template: `Sentry: {{action}} {{data.issue.title}} {{data.event.title}} {{data.error.title}} {{data.description_title}}

Level: {{data.issue.level}} {{data.event.level}} {{data.error.level}}
Project: {{data.issue.project.slug}}
Where: {{data.issue.culprit}} {{data.event.culprit}} {{data.error.culprit}}
Rule: {{data.triggered_rule}} {{data.description_text}}
Page: {{data.issue.web_url}} {{data.event.web_url}} {{data.error.web_url}} {{data.web_url}}
Metadata: {{data.issue.metadata}} {{data.event.metadata}}`,
    // The body tells events apart: for published integrations, Sentry hangs up after a second and tries again with a new Request-ID.
    idempotency_pointer: null,
    // An issue, an alert about one of its events, and a new error of it belong together.
    session_pointer: "/data/issue/id | /data/event/issue_id | /data/error/issue_id | /data/metric_alert/id",
    sender_makes_secret: true,
    instructions:
      "Settings → Developer Settings → Create New Integration → Internal Integration: enter {url} as Webhook URL, tick Alert Rule Action and the resources issue or error. Sentry makes the Client Secret: add it to the endpoint as its secret.",
  }),
  preset({
    name: "alertmanager",
    label: "Prometheus Alertmanager",
    // https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
    verifier: { scheme: "bearer" },
    about: "Alertmanager reports alerts of a monitored system.",
    prompt_template: ALERTS,
    // It sends no id; what it sends again after hours is a reminder, which looks like a retry.
    idempotency_pointer: null,
    // Firing and resolved of one group belong together.
    session_pointer: "/groupKey",
    sender_makes_secret: false,
    instructions: `In alertmanager.yml:

receivers:
  - name: heddle
    webhook_configs:
      - url: "{url}"
        http_config:
          authorization:
            credentials: "{secret}"`,
  }),
  preset({
    name: "grafana",
    label: "Grafana Alerting",
    // https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/
    verifier: { scheme: "bearer" },
    about: "Grafana reports alerts of a monitored system.",
    prompt_template: `{{title}}

${ALERTS}`,
    idempotency_pointer: null,
    session_pointer: "/groupKey",
    sender_makes_secret: false,
    instructions:
      "Alerting → Contact points → Add: Webhook, URL {url}; under Optional settings: Authorization Header Scheme Bearer, Credentials {secret}.",
  }),
  preset({
    name: "linear",
    label: "Linear",
    // https://linear.app/developers/webhooks
    verifier: { scheme: "hmac", header: "linear-signature", id: "linear-delivery" },
    about: "Linear reports a change of an issue, a comment or a project.",
    prompt_template: `Linear: {{type}} {{action}} by {{actor.name}}

{{data.identifier}} {{data.title}} {{data.name}}
{{data.description}}{{data.body}}
State: {{data.state.name}}, priority: {{data.priorityLabel}}, assigned to: {{data.assignee.name}}
Before: {{updatedFrom}}
Page: {{url}}`,
    // Its Linear-Delivery tells events apart.
    idempotency_pointer: null,
    // A comment belongs to its issue or project.
    session_pointer: "/data/issueId | /data/issue/id | /data/projectId | /data/id",
    sender_makes_secret: true,
    instructions:
      "Settings → API → Webhooks → New webhook: URL {url}, and the events that matter. Linear makes the signing secret: add it to the endpoint as its secret.",
  }),
  preset({
    name: "stripe",
    label: "Stripe",
    // https://docs.stripe.com/webhooks
    verifier: { scheme: "stripe" },
    about: "Stripe reports an event of an account: a payment, an invoice, a subscription, a dispute.",
    prompt_template: `Stripe: {{type}}

Live: {{livemode}}
Object: {{data.object}}
Before: {{data.previous_attributes}}`,
    idempotency_pointer: "/id",
    // A customer's payments, invoices and subscriptions; what has no customer goes to the endpoint's own session.
    session_pointer: "/data/object/customer",
    sender_makes_secret: true,
    instructions:
      "Developers → Webhooks → Add endpoint: {url}, and the events that matter (invoice.payment_failed, charge.dispute.created). Stripe makes the signing secret (whsec_…): add it to the endpoint as its secret.",
  }),
];

/**
 * How long senders that give their events no ids try again with the same body. What comes later is another event, a reminder for example. Alertmanager
 * and Grafana give up after the group_interval, of which this is the default.
 */
export const RETRIED_SECONDS: Partial<Record<PresetName, number>> = { alertmanager: 300, grafana: 300 };

export const presets = (): readonly Preset[] => PRESETS;
export const findPreset = (name: PresetName): Preset | undefined => PRESETS.find((one) => one.name === name);

import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useSearchParams } from "wouter";
import type { Schema } from "../../api/client.ts";
import { useLiveQueries } from "../../api/live.ts";
import { ApiError } from "../../parts/api-error.tsx";
import { Awaited } from "../../parts/awaited.tsx";
import { PageFrame } from "../../parts/page-frame.tsx";
import { Status } from "../../parts/status.tsx";
import { type Step, Steps } from "../../parts/steps.tsx";
import { Time } from "../../parts/time.tsx";
import { plural } from "../../parts/units.tsx";
import { Accounts } from "./accounts.tsx";
import { ConnectionTest } from "./connection-test.tsx";
import { FirstEvent } from "./first-event.tsx";
import { useProgress } from "./progress.ts";
import {
  accountsOf,
  type IntegrationDetail,
  integration,
  lastWebhook,
  missingSettings,
  pageOf,
  type Webhook,
} from "./queries.ts";
import classes from "./set-up-page.module.css";
import { Settings } from "./settings.tsx";
import { TestEvent } from "./test-event.tsx";
import { TextsToPaste, toPasteOf } from "./to-paste.tsx";
import { isCalled, WebhookUrl } from "./webhook-url.tsx";

/** The set-up of one integration, step by step. What is done is known by the server, so one can leave and come back. */
export function SetUpPage({ id }: { id: string }) {
  const { data, error, refetch } = useQuery(integration(id));
  useLiveQueries(["integration"], ["integrations"]);
  const title = `Set up ${data?.name ?? id}`;
  return (
    <PageFrame
      title={title}
      about={data && <Status value={data.status} />}
      actions={
        <Button component={Link} href={pageOf(id)} variant="default" size="xs">
          All about {data?.name ?? id}
        </Button>
      }
    >
      {!data && <Awaited error={error} onRetry={() => void refetch()} />}
      {data && <SetUpSteps integration={data} />}
    </PageFrame>
  );
}

function SetUpSteps({ integration }: { integration: IntegrationDetail }) {
  const { id } = integration;
  const [params, setParams] = useSearchParams();
  const { data: last } = useQuery({ ...lastWebhook(id), enabled: integration.webhook !== null });
  useLiveQueries(["inbox"], lastWebhook(id).queryKey);
  const hasEntered = useProgress(({ entered }) => entered.includes(id));
  const { data: accounts = [] } = useQuery({ ...accountsOf(id), enabled: integration.has_accounts });
  const steps = stepsOf(integration, { last: last ?? null, hasEntered, accounts });
  // Without a step in the address, it opens where one stopped: at the first step that is not done.
  const open = params.get("step") ?? steps.find(({ isDone }) => !isDone)?.id ?? steps.at(-1)?.id;
  const isComplete = steps.every(({ isDone }) => isDone);
  return (
    <>
      {isComplete && steps.length > 0 && (
        <p className={classes.complete} role="status">
          {integration.name} is set up.
        </p>
      )}
      <Steps
        steps={steps}
        open={open}
        onOpen={(step) =>
          setParams(
            (before) => {
              before.set("step", step === open ? "" : step);
              return before;
            },
            { replace: true },
          )
        }
      />
    </>
  );
}

interface Known {
  last: Webhook | null;
  hasEntered: boolean;
  accounts: Schema<"IntegrationAccount">[];
}

function stepsOf(integration: IntegrationDetail, { last, hasEntered, accounts }: Known): Step[] {
  const { id, env_vars, webhook } = integration;
  const missing = missingSettings(integration);
  const set = env_vars.filter(({ is_set }) => is_set).length;
  const texts = toPasteOf(integration);
  return [
    ...(texts.length > 0
      ? [
          {
            id: "service",
            title: "At the service",
            // Where it is pasted, people get what the settings need.
            isDone: missing.length === 0,
            summary: texts.map(({ title }) => title).join(", "),
            content: () => <ServiceStep integration={integration} />,
          },
        ]
      : []),
    {
      id: "settings",
      title: "Settings",
      isDone: missing.length === 0,
      summary:
        env_vars.length === 0
          ? "It has none"
          : missing.length > 0
            ? `${missing.join(", ")} missing`
            : `${set} of ${plural(env_vars.length, "setting")} set`,
      content: () => <SettingsStep integration={integration} />,
    },
    // A webhook that the settings do not use needs no step.
    ...(accounts.some(({ is_wanted }) => is_wanted)
      ? [
          {
            id: "sign-in",
            title: "Sign in",
            isDone: accounts.every(({ is_wanted, signed_in }) => !is_wanted || signed_in !== null),
            summary: accounts
              .filter(({ is_wanted }) => is_wanted)
              .map(({ title, signed_in }) => (signed_in ? `${title}: signed in` : `${title}: nobody yet`))
              .join(", "),
            content: () => <Accounts integration={integration} />,
          },
        ]
      : []),
    ...(webhook && (last !== null || isCalled(integration))
      ? [
          {
            id: "webhook",
            title: "Webhook URL",
            isDone: hasEntered || last !== null,
            summary: webhook.url ?? webhook.path,
            content: () => <WebhookStep integration={integration} />,
          },
          {
            id: "event",
            title: "First event",
            isDone: last !== null,
            summary: last ? <Time at={last.created_at} /> : "Nothing has arrived yet",
            content: () => (
              <div className={classes.event}>
                <FirstEvent id={id} name={integration.name} />
                <details className={classes.test} open={last === null}>
                  <summary>{last === null ? "Send a test event" : "Send another test event"}</summary>
                  <TestEvent integration={integration} />
                </details>
              </div>
            ),
          },
        ]
      : []),
  ];
}

function ServiceStep({ integration }: { integration: IntegrationDetail }) {
  const [, setParams] = useSearchParams();
  return (
    <>
      <TextsToPaste integration={integration} />
      <Button
        variant="default"
        size="xs"
        mt="md"
        onClick={() => setParams({ step: "settings" }, { replace: true })}
      >
        Go on to the settings
      </Button>
    </>
  );
}

function SettingsStep({ integration }: { integration: IntegrationDetail }) {
  const { id, instructions_url, error } = integration;
  const [, setParams] = useSearchParams();
  return (
    <>
      {error && <ApiError error={new Error(error.reason)} />}
      {instructions_url !== null && (
        <p className={classes.lead}>
          <a href={instructions_url} target="_blank" rel="noopener noreferrer">
            Its instructions
          </a>{" "}
          say where to get these values.
        </p>
      )}
      <Settings id={id} />
      <ConnectionTest integration={integration} />
      {isCalled(integration) && missingSettings(integration).length === 0 && (
        <Button
          variant="default"
          size="xs"
          mt="md"
          onClick={() => setParams({ step: "webhook" }, { replace: true })}
        >
          Go on to the webhook URL
        </Button>
      )}
    </>
  );
}

function WebhookStep({ integration }: { integration: IntegrationDetail }) {
  const markEntered = useProgress((state) => state.markEntered);
  const [, setParams] = useSearchParams();
  return (
    <>
      <p className={classes.lead}>Enter this URL at the sending service.</p>
      <WebhookUrl integration={integration} />
      <Button
        size="xs"
        mt="md"
        onClick={() => {
          markEntered(integration.id);
          setParams({ step: "event" }, { replace: true });
        }}
      >
        I have entered it
      </Button>
    </>
  );
}

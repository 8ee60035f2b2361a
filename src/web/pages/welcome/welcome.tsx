// The first steps after the start: a model, an integration, a test event, and its run.

import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useSearchParams } from "wouter";
import { useLiveQueries } from "../../api/live.ts";
import { providers as allProviders, integrations } from "../../api/queries.ts";
import { ApiError } from "../../parts/api-error.tsx";
import { PageFrame } from "../../parts/page-frame.tsx";
import { type Step, Steps } from "../../parts/steps.tsx";
import { Time } from "../../parts/time.tsx";
import { ConnectionTest } from "../integrations/connection-test.tsx";
import { FirstEvent } from "../integrations/first-event.tsx";
import { useProgress } from "../integrations/progress.ts";
import {
  type IntegrationDetail,
  integration,
  lastWebhook,
  missingSettings,
} from "../integrations/queries.ts";
import { Settings } from "../integrations/settings.tsx";
import { TestEvent } from "../integrations/test-event.tsx";
import { WebhookUrl } from "../integrations/webhook-url.tsx";
import { ChooseIntegration } from "./choose-integration.tsx";
import { ChooseModel } from "./choose-model.tsx";
import { FirstRun } from "./first-run.tsx";
import classes from "./welcome.module.css";

export function View() {
  const [params, setParams] = useSearchParams();
  const progress = useProgress();
  const providers = useQuery(allProviders);
  const all = useQuery(integrations);
  const id = progress.chosen ?? "";
  const chosen = useQuery({ ...integration(id), enabled: id !== "" });
  const last = useQuery({ ...lastWebhook(id), enabled: id !== "" });
  useLiveQueries(["integration"], ["integrations"]);
  useLiveQueries(["inbox"], lastWebhook(id).queryKey);
  const model = providers.data?.find(({ is_default }) => is_default) ?? providers.data?.[0];
  const run = last.data?.outcomes.find(({ task_id }) => task_id !== null)?.task_id ?? null;
  const goTo = (step: string) => setParams({ step }, { replace: true });
  const missing = chosen.data ? missingSettings(chosen.data) : [];

  const steps: Step[] = [
    {
      id: "model",
      title: "Choose what answers",
      isDone: model !== undefined || progress.staysOffline,
      summary: model
        ? `${model.name} (${model.default_model ?? model.adapter})`
        : progress.staysOffline
          ? "Offline for now"
          : undefined,
      content: () => (
        <ChooseModel
          providers={providers.data ?? []}
          onAdded={() => goTo("model")}
          onDone={() => goTo("integration")}
        />
      ),
    },
    {
      id: "integration",
      title: "Choose an integration",
      isDone: chosen.data !== undefined,
      summary: chosen.data?.name,
      content: () => (
        <ChooseIntegration
          integrations={all.data ?? []}
          chosen={progress.chosen}
          onChoose={(next) => {
            progress.choose(next);
            goTo("settings");
          }}
        />
      ),
    },
    {
      id: "settings",
      title: "Give it its settings",
      isDone: chosen.data !== undefined && missing.length === 0,
      summary: missing.length > 0 ? `${missing.join(", ")} missing` : undefined,
      content: () =>
        chosen.data ? (
          <>
            <Settings id={id} />
            <ConnectionTest integration={chosen.data} />
            {chosen.data.webhook && (
              <div className={classes.url}>
                <h3>Enter this URL at the sending service</h3>
                <WebhookUrl integration={chosen.data} />
              </div>
            )}
            <Button size="xs" mt="md" disabled={missing.length > 0} onClick={() => goTo("event")}>
              Go on
            </Button>
          </>
        ) : (
          <ChooseFirst onGo={() => goTo("integration")} />
        ),
    },
    {
      id: "event",
      title: "Send a first event",
      isDone: Boolean(last.data),
      summary: last.data ? <Time at={last.data.created_at} /> : undefined,
      content: () =>
        chosen.data ? <Event integration={chosen.data} /> : <ChooseFirst onGo={() => goTo("integration")} />,
    },
    {
      id: "run",
      title: "Watch it run",
      isDone: run !== null,
      content: () => <FirstRun id={run} onSend={() => goTo("event")} />,
    },
  ];
  const open = params.get("step") ?? steps.find(({ isDone }) => !isDone)?.id ?? "run";
  return (
    <PageFrame
      title="First steps"
      about="From an empty home to a bot that answers an event, in a few minutes. You can leave at any time and continue where you left off."
      actions={
        <Button component={Link} href="/" variant="default" size="xs">
          Skip for now
        </Button>
      }
    >
      {(providers.error ?? all.error) && <ApiError error={providers.error ?? all.error} />}
      <Steps steps={steps} open={open} onOpen={(step) => goTo(step === open ? "" : step)} />
    </PageFrame>
  );
}

function Event({ integration }: { integration: IntegrationDetail }) {
  return (
    <div className={classes.event}>
      <FirstEvent id={integration.id} name={integration.name} />
      <TestEvent integration={integration} />
    </div>
  );
}

function ChooseFirst({ onGo }: { onGo(): void }) {
  return (
    <Button size="xs" variant="default" onClick={onGo}>
      Choose an integration first
    </Button>
  );
}

import { Button, Group, Switch } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "wouter";
import { api, type Schema, take } from "../../../api/client.ts";
import { useLiveQueries } from "../../../api/live.ts";
import { ApiError } from "../../../parts/api-error.tsx";
import { ConfirmDestructive } from "../../../parts/confirm.tsx";
import { Facts } from "../../../parts/facts.tsx";
import { Icon } from "../../../parts/icon.tsx";
import { May } from "../../../parts/may.tsx";
import { Panel, Section } from "../../../parts/page-frame.tsx";
import { Status } from "../../../parts/status.tsx";
import { Time, useNow } from "../../../parts/time.tsx";
import { Bytes, Duration, plural } from "../../../parts/units.tsx";
import { type IntegrationDetail, processOf, refreshIntegrations, setUpOf } from "../queries.ts";
import { ProcessHealth } from "./health.tsx";
import { LogTail } from "./log-tail.tsx";
import classes from "./process.module.css";

type ProcessState = Schema<"Process">;

/** The background process: how it is, what it writes, and its buttons. */
export function Process({ integration: { id } }: { integration: IntegrationDetail }) {
  const { data, error, refetch } = useQuery(processOf(id));
  useLiveQueries(["process"], processOf(id).queryKey);
  if (!data) return error ? <ApiError error={error} onRetry={() => void refetch()} /> : null;
  return (
    <>
      <Section title={data.description || "Background process"}>
        <Panel>
          <div className={classes.columns}>
            <State process={data} />
            <May scope="admin">
              <Buttons process={data} />
            </May>
          </div>
        </Panel>
      </Section>
      <ProcessHealth id={id} />
      <May scope="logs:read">
        <Section title="Output">
          <LogTail id={id} />
        </Section>
      </May>
    </>
  );
}

function State({ process }: { process: ProcessState }) {
  const now = useNow();
  const { started_at, memory_bytes, memory_limit_mb, missing_settings, last_error, restart_count } = process;
  return (
    <Facts
      facts={[
        ["State", <Status key="state" value={process.state} />],
        missing_settings.length > 0 && [
          "Waits for",
          <span key="missing">
            <code>{missing_settings.join(", ")}</code>{" "}
            <Link href={setUpOf(process.integration_id)}>Set up</Link>
          </span>,
        ],
        process.pid !== null &&
          started_at !== null && [
            "Running for",
            <span key="up">
              <Duration ms={Math.max(0, now - Date.parse(started_at))} />, since{" "}
              <Time at={started_at} as="absolute" />
            </span>,
          ],
        process.next_start_at !== null && ["Starts again", <Time key="next" at={process.next_start_at} />],
        ["Restarts", `${plural(restart_count, "restart")} after a crash`],
        memory_bytes !== null && [
          "Memory",
          <span key="memory">
            <Bytes value={memory_bytes} />
            {memory_limit_mb !== null && ` of at most ${memory_limit_mb} MB`}
          </span>,
        ],
        process.pid !== null && [
          "Process id",
          <span key="pid" className="number">
            {process.pid}
          </span>,
        ],
        process.confinement !== null && ["Confined by", CONFINED[process.confinement]],
        last_error !== null && [
          "Last error",
          <span key="error" className={classes.error}>
            {last_error}
          </span>,
        ],
        process.exit_code !== null && process.pid === null && ["Exit code", process.exit_code],
      ]}
    />
  );
}

const CONFINED = { bubblewrap: "Bubblewrap", landlock: "Landlock", none: "Nothing" } as const;

function Buttons({ process }: { process: ProcessState }) {
  const id = process.integration_id;
  const [isStopping, setStopping] = useState(false);
  const params = { params: { path: { id } } };
  const act = useMutation({
    mutationFn: (action: "start" | "restart") =>
      take<unknown>(api.POST(`/api/v1/admin/integrations/{id}/process/${action}`, params)),
    onSettled: () => void refreshIntegrations(),
  });
  const autoStart = useMutation({
    mutationFn: (enabled: boolean) =>
      take(api.PUT("/api/v1/admin/integrations/{id}/process/auto-start", { ...params, body: { enabled } })),
    onSettled: () => void refreshIntegrations(),
  });
  const isUp = process.pid !== null;
  return (
    <div className={classes.buttons}>
      <Group gap="xs">
        {isUp ? (
          <>
            <Button
              size="xs"
              variant="default"
              leftSection={<Icon name="RotateCcw" size={14} />}
              loading={act.isPending}
              onClick={() => act.mutate("restart")}
            >
              Restart
            </Button>
            <Button
              size="xs"
              variant="default"
              leftSection={<Icon name="Square" size={14} />}
              onClick={() => setStopping(true)}
            >
              Stop …
            </Button>
          </>
        ) : (
          <Button
            size="xs"
            leftSection={<Icon name="Play" size={14} />}
            loading={act.isPending}
            onClick={() => act.mutate("start")}
          >
            Start
          </Button>
        )}
      </Group>
      <Switch
        label="Start by itself"
        description="When the server starts, and after a crash"
        checked={autoStart.isPending ? autoStart.variables : process.auto_start}
        onChange={({ currentTarget }) => autoStart.mutate(currentTarget.checked)}
      />
      {act.error && <ApiError error={act.error} />}
      {autoStart.error && <ApiError error={autoStart.error} />}
      {isStopping && (
        <ConfirmDestructive
          action="Stop it"
          title="Stop the process?"
          onClose={() => setStopping(false)}
          onConfirm={async () => {
            await take(api.POST("/api/v1/admin/integrations/{id}/process/stop", params));
            await refreshIntegrations();
          }}
        >
          <p>
            It and its child processes are ended. Events that it listens for are missed until it is started,
            here or by a restart of the server.
          </p>
        </ConfirmDestructive>
      )}
    </div>
  );
}

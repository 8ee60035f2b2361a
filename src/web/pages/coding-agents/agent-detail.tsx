import { Button } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useLocation } from "wouter";
import { api, take } from "../../api/client.ts";
import { queryClient } from "../../api/query-client.ts";
import { ApiError, notifyDone, notifyError } from "../../parts/api-error.tsx";
import { Awaited } from "../../parts/awaited.tsx";
import { ConfirmDestructive } from "../../parts/confirm.tsx";
import { Detail } from "../../parts/detail.tsx";
import { Empty } from "../../parts/empty.tsx";
import { Facts } from "../../parts/facts.tsx";
import { Section } from "../../parts/page-frame.tsx";
import { ShortList } from "../../parts/short-list.tsx";
import { Badge, Status } from "../../parts/status.tsx";
import { Time } from "../../parts/time.tsx";
import { Duration, plural } from "../../parts/units.tsx";
import { ChangedAgent } from "./agent-form.tsx";
import {
  type CodingAgent,
  changeAgent,
  codingAgents,
  commandOf,
  refreshAgents,
  STATES,
  workOf,
} from "./queries.ts";

interface AgentDetailProps {
  id: string;
  mayChange: boolean;
  closeHref: string;
}

/** One coding agent: what starts it, whether it works, and what it worked on. */
export function AgentDetail({ id, mayChange, closeHref }: AgentDetailProps) {
  const { data, error, refetch } = useQuery(codingAgents);
  const [isEditing, setEditing] = useState(false);
  const [isDeleting, setDeleting] = useState(false);
  const agent = data?.find((one) => one.id === id);
  if (!agent) {
    return (
      <Detail title={id} closeHref={closeHref}>
        <Awaited error={error} onRetry={() => void refetch()} />
        {data && <Empty icon="Code2" title={`There is no coding agent "${id}"`} />}
      </Detail>
    );
  }
  const [label, tone] = STATES[agent.state];
  return (
    <Detail
      title={agent.name}
      closeHref={closeHref}
      facts={
        <>
          <Badge tone={tone}>{label}</Badge>
          <code>{agent.tool}</code>
        </>
      }
      actions={
        mayChange &&
        !isEditing && (
          <Actions
            agent={agent}
            onEdit={() => setEditing(true)}
            onDeleting={setDeleting}
            closeHref={closeHref}
          />
        )
      }
    >
      {isEditing && agent.source === "stored" ? (
        <ChangedAgent agent={agent} onDone={() => setEditing(false)} />
      ) : (
        <>
          {agent.error !== null && <p role="status">{agent.error}</p>}
          <Section title="Agent">
            <AgentFacts agent={agent} />
          </Section>
          {/* If the agent has been deleted, this could not be read; the event may arrive before the answer to the deletion. */}
          {!isDeleting && <Work agent={agent} />}
        </>
      )}
    </Detail>
  );
}

interface ActionsProps {
  agent: CodingAgent;
  onEdit(): void;
  /** Whether it is being deleted. */
  onDeleting(is: boolean): void;
  closeHref: string;
}

function Actions({ agent, onEdit, onDeleting, closeHref }: ActionsProps) {
  const { id, name, tool, is_enabled, source } = agent;
  const [, navigate] = useLocation();
  const [isAsking, setAsking] = useState(false);
  const test = useMutation({
    mutationFn: () => take(api.POST("/api/v1/admin/coding-agents/{id}/test", { params: { path: { id } } })),
    onError: notifyError("It was not tested"),
    onSuccess: ({ ok, error }) => {
      if (ok) notifyDone(`${name} began a session.`);
      else notifyError(`${name} did not begin`)(new Error(error ?? "It does not say why."));
    },
    onSettled: refreshAgents,
  });
  const toggle = useMutation({
    mutationFn: () => changeAgent(id, { is_enabled: !is_enabled }),
    onError: notifyError("It was not changed"),
  });
  return (
    <>
      {is_enabled && (
        <Button size="xs" variant="default" loading={test.isPending} onClick={() => test.mutate()}>
          Test it
        </Button>
      )}
      {source === "stored" && (
        <>
          <Button size="xs" variant="default" onClick={onEdit}>
            Change
          </Button>
          <Button size="xs" variant="default" loading={toggle.isPending} onClick={() => toggle.mutate()}>
            {is_enabled ? "Disable" : "Enable"}
          </Button>
          <Button size="xs" variant="default" onClick={() => setAsking(true)}>
            Delete …
          </Button>
        </>
      )}
      {isAsking && (
        <ConfirmDestructive
          action="Delete the agent"
          title={`Delete ${name}?`}
          onClose={() => setAsking(false)}
          onBusy={onDeleting}
          onConfirm={async () => {
            await api.DELETE("/api/v1/admin/coding-agents/{id}", { params: { path: { id } } });
            // What it worked on cannot be read any more.
            await queryClient.invalidateQueries({ queryKey: codingAgents.queryKey });
            notifyDone(`${name} was deleted.`);
            navigate(closeHref);
          }}
        >
          <p>
            Its variables are deleted, and bots that name <code>{tool}</code> have it no longer. What it has
            begun goes on.
          </p>
        </ConfirmDestructive>
      )}
      {test.data?.ok && (
        <span className="faint">
          Began within <Duration ms={test.data.duration_ms} />
        </span>
      )}
    </>
  );
}

function AgentFacts({ agent }: { agent: CodingAgent }) {
  const { env, timeout_seconds, last_test, source } = agent;
  const variables = Object.keys(env);
  const own = [last_test?.agent_name, last_test?.agent_version].filter(Boolean).join(" ");
  return (
    <Facts
      facts={[
        ["Command", <code key="command">{commandOf(agent)}</code>],
        variables.length > 0 && ["Variables", <code key="variables">{variables.join(", ")}</code>],
        own !== "" && ["Says it is", own],
        ["Time limit for one piece of work", <Duration key="limit" ms={timeout_seconds * 1000} />],
        last_test !== null && [
          "Last test",
          <span key="test">
            {last_test.ok ? "It began a session" : "It did not begin"}, <Time at={last_test.tested_at} />
          </span>,
        ],
        source === "file" && ["From", "acp.yaml in Heddle's home; change it there"],
      ]}
    />
  );
}

function Work({ agent: { id, tool } }: { agent: CodingAgent }) {
  const { data, error, refetch } = useQuery(workOf(id));
  return (
    <Section title="What it worked on">
      {error && <ApiError error={error} onRetry={() => void refetch()} />}
      {data && (
        <ShortList
          none={`Nothing yet. A bot that has the tool ${tool} can give it work.`}
          rows={data.map(({ id: key, task_id, status, asked, folder, changed_files, created_at }) => ({
            key,
            href: `/tasks/${task_id}`,
            lead: <Status value={status} compact />,
            title: (
              <>
                {asked}
                <span className="faint">
                  {" "}
                  · {folder}
                  {changed_files !== null && ` · ${plural(changed_files, "file")}`}
                </span>
              </>
            ),
            end: <Time at={created_at} />,
          }))}
        />
      )}
    </Section>
  );
}

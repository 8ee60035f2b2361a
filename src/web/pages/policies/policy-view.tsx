import { Button } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useLocation } from "wouter";
import { api, take } from "../../api/client.ts";
import { queryClient } from "../../api/query-client.ts";
import { ApiError, notifyError } from "../../parts/api-error.tsx";
import { IF_NOBODY } from "../../parts/approvals.ts";
import { Awaited } from "../../parts/awaited.tsx";
import { CodeBlock } from "../../parts/code-block.tsx";
import { ConfirmDestructive } from "../../parts/confirm.tsx";
import { Detail } from "../../parts/detail.tsx";
import { Facts } from "../../parts/facts.tsx";
import { Section } from "../../parts/page-frame.tsx";
import { Badge } from "../../parts/status.tsx";
import { Time } from "../../parts/time.tsx";
import { plural } from "../../parts/units.tsx";
import { Effect } from "./effect.tsx";
import { ChangedPolicy } from "./policy-editor.tsx";
import { aboutOf, dryRun, fieldsOf, type Policy, policy, refreshPolicies } from "./queries.ts";
import { WouldHave } from "./would-have.tsx";

/** One policy: which calls it is about, and what it does with the latest ones. */
export function PolicyView({ id, mayWrite }: { id: string; mayWrite: boolean }) {
  const { data, error, refetch } = useQuery(policy(id));
  const [isEditing, setEditing] = useState(false);
  if (!data) {
    return (
      <Detail title="Policy" closeHref="/policies">
        <Awaited error={error} onRetry={() => void refetch()} />
      </Detail>
    );
  }
  return (
    <Detail
      title={data.name}
      closeHref="/policies"
      facts={
        <>
          <Effect value={data.effect} />
          {!data.enabled && <Badge>Off</Badge>}
          <Time at={data.updated_at} />
        </>
      }
      actions={mayWrite && !isEditing && <Actions policy={data} onEdit={() => setEditing(true)} />}
    >
      {isEditing ? <ChangedPolicy policy={data} onDone={() => setEditing(false)} /> : <Rule policy={data} />}
    </Detail>
  );
}

function Rule({ policy: row }: { policy: Policy }) {
  const { data, error, refetch } = useQuery({
    queryKey: ["policies", "dry-run", row.id, row.updated_at],
    queryFn: () => dryRun({ policy: fieldsOf(row), replaces: row.id }),
  });
  const { arguments: conditions, approval, effect } = row;
  return (
    <>
      <Section title="What it is about">
        <Facts
          facts={[
            ["Calls", aboutOf(row)],
            ["Priority", row.priority],
            row.channel_id !== null && [
              "Channel",
              <Link key="channel" href={`/channels/${row.channel_id}`}>
                Open the channel
              </Link>,
            ],
            row.reason !== null && ["Reason", row.reason],
            effect === "require_approval" && ["People have", spanWords(approval.timeout_seconds)],
            effect === "require_approval" && ["If nobody decides", IF_NOBODY[approval.on_timeout ?? "deny"]],
            effect === "require_approval" && [
              "Who is asked",
              approval.approvers?.length ? approval.approvers.join(", ") : "Everyone who may decide",
            ],
            row.approval_id !== null && [
              "Written by",
              <Link key="approval" href={`/approvals/${row.approval_id}`}>
                a decision about a call
              </Link>,
            ],
          ]}
        />
      </Section>
      {Object.keys(conditions).length > 0 && (
        <Section title="Conditions on arguments">
          <CodeBlock text={JSON.stringify(conditions, null, 2)} what="conditions" wrap />
        </Section>
      )}
      {error && <ApiError error={error} onRetry={() => void refetch()} />}
      {data?.recent && <WouldHave recent={data.recent} />}
    </>
  );
}

const SPANS = [
  [86_400, "day"],
  [3_600, "hour"],
  [60, "minute"],
] as const;

/** "7 days", in the largest unit of which it is a whole number. */
function spanWords(seconds = 3_600): string {
  const [length, unit] = SPANS.find(([one]) => seconds % one === 0) ?? [1, "second"];
  return plural(seconds / length, unit);
}

function Actions({ policy: { id, name, enabled }, onEdit }: { policy: Policy; onEdit(): void }) {
  const [, navigate] = useLocation();
  const [isDeleting, setDeleting] = useState(false);
  const params = { path: { id } };
  const toggle = useMutation({
    mutationFn: () => take(api.PATCH("/api/v1/policies/{id}", { params, body: { enabled: !enabled } })),
    onError: notifyError("The policy was not changed"),
    onSettled: refreshPolicies,
  });
  return (
    <>
      <Button size="xs" variant="default" onClick={onEdit}>
        Edit
      </Button>
      <Button size="xs" variant="default" loading={toggle.isPending} onClick={() => toggle.mutate()}>
        {enabled ? "Switch off" : "Switch on"}
      </Button>
      <Button size="xs" variant="default" onClick={() => setDeleting(true)}>
        Delete …
      </Button>
      {isDeleting && (
        <ConfirmDestructive
          action="Delete the policy"
          title={`Delete ${name}?`}
          onClose={() => setDeleting(false)}
          onConfirm={async () => {
            await api.DELETE("/api/v1/policies/{id}", { params });
            navigate("/policies");
            // What has been deleted must not be read again.
            queryClient.removeQueries({ queryKey: policy(id).queryKey });
            await refreshPolicies();
          }}
        >
          <p>
            Calls that it decides on are decided by the next policy that fits, from the next call on. What
            waits for a person still waits.
          </p>
        </ConfirmDestructive>
      )}
    </>
  );
}

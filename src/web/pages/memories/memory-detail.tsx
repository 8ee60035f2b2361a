import { Button } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useLocation } from "wouter";
import { api, take } from "../../api/client.ts";
import { queryClient } from "../../api/query-client.ts";
import { covers, useSession } from "../../api/session.ts";
import { ApiError, notifyDone } from "../../parts/api-error.tsx";
import { Awaited } from "../../parts/awaited.tsx";
import { ConfirmDestructive } from "../../parts/confirm.tsx";
import { Detail } from "../../parts/detail.tsx";
import { Icon } from "../../parts/icon.tsx";
import { Section } from "../../parts/page-frame.tsx";
import { Badge, Status } from "../../parts/status.tsx";
import { Time } from "../../parts/time.tsx";
import { plural } from "../../parts/units.tsx";
import { Learned } from "./learned.tsx";
import classes from "./memories.module.css";
import { type Memory, memory, refreshMemories, versionsOf } from "./queries.ts";

interface MemoryDetailProps {
  id: string;
  closeHref: string;
  onReviewed(id: string): void;
  onDeleted(): void;
}

/** One version of a memory: what it says, what it would replace, and where it was learned. */
export function MemoryDetail({ id, closeHref, onReviewed, onDeleted }: MemoryDetailProps) {
  const { data, error, refetch } = useQuery(memory(id));
  if (!data) {
    return (
      <Detail title="Memory" closeHref={closeHref}>
        <Awaited error={error} onRetry={() => void refetch()} />
      </Detail>
    );
  }
  return (
    <Detail
      title={`Memory of ${data.bot_id}`}
      closeHref={closeHref}
      facts={
        <>
          <Status value={data.status} />
          {data.applies && <Badge tone="good">Believed now</Badge>}
          <Time at={data.created_at} />
        </>
      }
      actions={<Actions memory={data} closeHref={closeHref} onReviewed={onReviewed} onDeleted={onDeleted} />}
    >
      <Text memory={data} />
      <Learned memory={data} />
      <Versions memory={data} />
    </Detail>
  );
}

function Text({ memory: { text, version, status, memory_id } }: { memory: Memory }) {
  const { data: versions = [], error, refetch } = useQuery(versionsOf(memory_id));
  const former = versions.find((one) => one.version < version && one.status === "accepted");
  const title =
    status === "unreviewed" ? "What it wants to remember" : version > 1 ? "As corrected" : "What it says";
  return (
    <Section title={text === null ? "What it wants to forget" : title}>
      {error && <ApiError error={error} onRetry={() => void refetch()} />}
      {former && (
        <>
          <p className={classes.label}>Until now (version {former.version})</p>
          <blockquote className={classes.text} data-former>
            {former.text}
          </blockquote>
          {text !== null && <p className={classes.label}>Instead of that</p>}
        </>
      )}
      {text !== null && <blockquote className={classes.text}>{text}</blockquote>}
    </Section>
  );
}

function Versions({ memory: { id, memory_id } }: { memory: Memory }) {
  const { data: versions = [] } = useQuery(versionsOf(memory_id));
  if (versions.length < 2) return null;
  return (
    <Section title={plural(versions.length, "version")}>
      <ol className={classes.versions}>
        {versions.map((one) => (
          <li key={one.id}>
            <span className={classes.version}>
              {one.id === id ? (
                <strong>Version {one.version}</strong>
              ) : (
                <Link href={`/memories/${one.id}${location.search}`}>Version {one.version}</Link>
              )}
              <Status value={one.status} />
              <Time at={one.created_at} />
            </span>
            <p>{one.text ?? "Forget it"}</p>
          </li>
        ))}
      </ol>
    </Section>
  );
}

interface ActionsProps extends Omit<MemoryDetailProps, "id"> {
  memory: Memory;
}

function Actions({
  memory: { id, status, text, memory_id },
  closeHref,
  onReviewed,
  onDeleted,
}: ActionsProps) {
  const [, navigate] = useLocation();
  const [isDeleting, setDeleting] = useState(false);
  const mayChange = useSession(({ me }) => covers(me?.scopes ?? [], "memories:write"));
  const { data: versions = [] } = useQuery(versionsOf(memory_id));
  const review = useMutation({
    mutationFn: (verdict: "accept" | "reject") =>
      verdict === "accept"
        ? take(api.POST("/api/v1/memories/{id}/accept", { params: { path: { id } } }))
        : take(api.POST("/api/v1/memories/{id}/reject", { params: { path: { id } } })),
    onSuccess: (reviewed) => {
      notifyDone(
        reviewed.status === "accepted" ? "Accepted: it counts from now on." : "Rejected: it never counts.",
      );
      onReviewed(id);
      void refreshMemories();
    },
  });
  if (!mayChange) return null;
  return (
    <>
      {status === "unreviewed" && (
        <>
          <Button
            size="xs"
            leftSection={<Icon name="Check" size={14} />}
            loading={review.isPending && review.variables === "accept"}
            disabled={review.isPending}
            onClick={() => review.mutate("accept")}
          >
            Accept
          </Button>
          <Button
            variant="default"
            size="xs"
            leftSection={<Icon name="X" size={14} />}
            loading={review.isPending && review.variables === "reject"}
            disabled={review.isPending}
            onClick={() => review.mutate("reject")}
          >
            Reject
          </Button>
        </>
      )}
      <Button
        variant="default"
        size="xs"
        leftSection={<Icon name="Trash2" size={14} />}
        onClick={() => setDeleting(true)}
      >
        Delete …
      </Button>
      {review.error && <ApiError error={review.error} />}
      {isDeleting && (
        <ConfirmDestructive
          action="Delete the memory"
          title="Delete this memory?"
          onClose={() => setDeleting(false)}
          onConfirm={async () => {
            await api.DELETE("/api/v1/memories/{id}", { params: { path: { id } } });
            navigate(closeHref);
            // What has been deleted must not be read again.
            queryClient.removeQueries({ queryKey: memory(id).queryKey });
            queryClient.removeQueries({ queryKey: versionsOf(memory_id).queryKey });
            onDeleted();
            await refreshMemories();
          }}
        >
          <p>
            {versions.length > 1
              ? `All ${versions.length} versions of it are deleted`
              : `"${text ?? "The wish to forget"}" is deleted`}
            , here and in the files of the workspace. The bot forgets it at once; the conversation in which it
            was learned stays.
          </p>
        </ConfirmDestructive>
      )}
    </>
  );
}

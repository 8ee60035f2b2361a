import { Button } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { memo } from "react";
import { Link } from "wouter";
import { api, take } from "../../api/client.ts";
import { bots } from "../../api/queries.ts";
import { covers, useSession } from "../../api/session.ts";
import { notifyError } from "../../parts/api-error.tsx";
import { CopyButton } from "../../parts/copy-button.tsx";
import { FileList } from "../../parts/file-list.tsx";
import { Icon } from "../../parts/icon.tsx";
import { Markdown } from "../../parts/markdown.tsx";
import { Time } from "../../parts/time.tsx";
import { plural } from "../../parts/units.tsx";
import { refreshConversation } from "./queries.ts";
import type { Answer, ShownPiece, Task } from "./thread.ts";
import classes from "./timeline.module.css";
import { ToolCall } from "./tool-call.tsx";

interface AnswerProps {
  answer: Answer;
  botId: string | undefined;
}

/** What a bot did and wrote in one run, as far as it has come. */
export const AnswerView = memo(({ answer, botId }: AnswerProps) => {
  const { data: known = [] } = useQuery(bots);
  const { pieces, live, task, at, taskId } = answer;
  const name = known.find(({ id }) => id === botId)?.name ?? botId ?? "Bot";
  const text = pieces.flatMap((piece) => (piece.kind === "text" ? [piece.text] : [])).join("\n\n");
  const isGoing = live !== null && live.state !== "ended";
  return (
    <section className={classes.answer} aria-label={`Answer of ${name}`}>
      <p className={classes.bot}>
        <span className={classes.avatar}>
          <Icon name="Bot" size={15} />
        </span>
        {name}
      </p>
      {groupsOf(pieces).map((group, index) =>
        Array.isArray(group) ? (
          <Tools key={group[0]?.callId} calls={group} isOver={!isGoing} />
        ) : (
          // biome-ignore lint/suspicious/noArrayIndexKey: what was written keeps its place
          <Markdown key={index} text={group.text} />
        ),
      )}
      {isGoing && <Progress answer={answer} />}
      {task && !isGoing && <Problem task={task} />}
      {!isGoing && (
        <p className={classes.foot}>
          {at !== null && <Time at={at} />}
          {taskId !== null && <Link href={`/tasks/${taskId}`}>Run</Link>}
          {task && task.warnings.length > 0 && (
            <span title={task.warnings.join("\n")}>{plural(task.warnings.length, "warning")}</span>
          )}
          {text !== "" && <CopyButton text={text} what="answer" />}
        </p>
      )}
    </section>
  );
});

type Tool = Extract<ShownPiece, { kind: "tool" }>;
type Text = Extract<ShownPiece, { kind: "text" }>;

/** Calls that follow each other stand together. */
function groupsOf(pieces: readonly ShownPiece[]): (Tool[] | Text)[] {
  const groups: (Tool[] | Text)[] = [];
  for (const piece of pieces) {
    const last = groups.at(-1);
    if (piece.kind === "text") groups.push(piece);
    else if (Array.isArray(last)) last.push(piece);
    else groups.push([piece]);
  }
  return groups;
}

/** Calls, folded, and below them the files that they have sent. */
function Tools({ calls, isOver }: { calls: Tool[]; isOver: boolean }) {
  const files = calls.flatMap((call) => call.files);
  return (
    <>
      <div className={classes.tools}>
        {calls.map((call) => (
          <ToolCall key={call.callId} call={call} isOver={isOver} />
        ))}
      </div>
      {files.length > 0 && <FileList what="Sent files" files={files} />}
    </>
  );
}

function Progress({ answer: { live, pieces } }: { answer: Answer }) {
  const isWriting = pieces.at(-1)?.kind === "text";
  const words =
    live?.notice ?? (live?.state === "queued" ? "Waits for its turn" : isWriting ? null : "Thinking");
  return (
    <p className={classes.progress}>
      <span className={classes.dots} aria-hidden="true">
        <span />
        <span />
        <span />
      </span>
      {words}
    </p>
  );
}

/** Why there is no answer, and what can be done about it. */
const Problem = memo(({ task }: { task: Task }) => {
  const mayRun = useSession(({ me }) => covers(me?.scopes ?? [], "tasks:write"));
  const rerun = useMutation({
    mutationFn: () =>
      take(api.POST("/api/v1/tasks/{id}/rerun", { params: { path: { id: task.id } }, body: {} })),
    onError: notifyError("The run was not started again"),
    onSettled: () => refreshConversation(task.session_id),
  });
  const { status, error } = task;
  if (status !== "failed" && status !== "cancelled") return null;
  return (
    <div className={classes.problem} data-status={status} role={status === "failed" ? "alert" : undefined}>
      <Icon name={status === "failed" ? "AlertTriangle" : "Square"} size={16} />
      <div className={classes.problemText}>
        <p title={error ?? undefined}>{status === "failed" ? "The run failed." : "Stopped."}</p>
        {status === "failed" && error !== null && <p className={classes.reason}>{error}</p>}
      </div>
      {mayRun && (
        <Button
          size="xs"
          variant="default"
          leftSection={<Icon name="RotateCcw" size={13} />}
          loading={rerun.isPending}
          onClick={() => rerun.mutate()}
        >
          Try again
        </Button>
      )}
    </div>
  );
});

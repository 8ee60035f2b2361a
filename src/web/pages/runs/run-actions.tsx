import { Button, Group, Textarea } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useLocation } from "wouter";
import { api, type Schema, take } from "../../api/client.ts";
import { queryClient } from "../../api/query-client.ts";
import { ApiError, notifyDone, notifyError } from "../../parts/api-error.tsx";
import { ConfirmDestructive } from "../../parts/confirm.tsx";
import { CopyButton } from "../../parts/copy-button.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { FixtureButton } from "../../parts/fixture-button.tsx";
import { Icon } from "../../parts/icon.tsx";
import { May } from "../../parts/may.tsx";
import { wrongIn } from "../../parts/wrong-field.ts";

type Task = Schema<"Task">;

const OPEN: ReadonlySet<Task["status"]> = new Set(["pending", "running", "waiting"]);

export function RunActions({ task }: { task: Task }) {
  const [dialog, setDialog] = useState<"cancel" | "edit" | null>(null);
  const rerun = useRerun(task);
  return (
    <Group gap={6}>
      <May scope="tasks:write">
        {task.error_code === "loop_detected" && <LetContinue task={task} />}
        <Button
          variant="default"
          size="xs"
          leftSection={<Icon name="RotateCcw" size={14} />}
          loading={rerun.isPending}
          onClick={() => rerun.mutate({}, { onError: notifyError("The run was not started again") })}
        >
          Run again
        </Button>
        <Button
          variant="default"
          size="xs"
          leftSection={<Icon name="Pencil" size={14} />}
          onClick={() => setDialog("edit")}
        >
          Edit and run
        </Button>
        {OPEN.has(task.status) && (
          <Button
            variant="default"
            size="xs"
            leftSection={<Icon name="Ban" size={14} />}
            onClick={() => setDialog("cancel")}
          >
            Cancel
          </Button>
        )}
      </May>
      {task.status !== "merged" && <FixtureButton taskId={task.id} />}
      <CopyButton text={curlOf(task)} what="as a curl command" />
      {dialog === "edit" && <EditAndRun task={task} onClose={() => setDialog(null)} />}
      {dialog === "cancel" && (
        <ConfirmDestructive
          action="Cancel the run"
          title="Cancel this run?"
          onClose={() => setDialog(null)}
          onConfirm={async () => {
            await take(api.POST("/api/v1/tasks/{id}/cancel", { params: { path: { id: task.id } } }));
            notifyDone("The run is being cancelled.");
            await queryClient.invalidateQueries({ queryKey: ["tasks"] });
          }}
        >
          <p>It ends without an answer. What its tools have done so far stays done.</p>
        </ConfirmDestructive>
      )}
    </Group>
  );
}

function useRerun(task: Task) {
  const [, navigate] = useLocation();
  return useMutation({
    mutationFn: (body: { content?: string }) =>
      take(api.POST("/api/v1/tasks/{id}/rerun", { params: { path: { id: task.id } }, body })),
    onSuccess: ({ task_id }) => {
      notifyDone("A new run has started.");
      void queryClient.invalidateQueries({ queryKey: ["tasks"] });
      if (task_id !== null) navigate(`/tasks/${task_id}`);
    },
  });
}

/** For a run that was held because its conversation seems to answer itself. */
function LetContinue({ task }: { task: Task }) {
  const [, navigate] = useLocation();
  const proceed = useMutation({
    mutationFn: () => take(api.POST("/api/v1/tasks/{id}/continue", { params: { path: { id: task.id } } })),
    onSuccess: ({ task_id }) => {
      notifyDone("The conversation continues.");
      void queryClient.invalidateQueries({ queryKey: ["tasks"] });
      void queryClient.invalidateQueries({ queryKey: ["repairs"] });
      if (task_id !== null) navigate(`/tasks/${task_id}`);
    },
    onError: notifyError("The conversation does not continue"),
  });
  return (
    <Button size="xs" loading={proceed.isPending} onClick={() => proceed.mutate()}>
      Let it continue
    </Button>
  );
}

function EditAndRun({ task, onClose }: { task: Task; onClose(): void }) {
  const [content, setContent] = useState(task.prompt);
  const rerun = useRerun(task);
  return (
    <Dialog onClose={onClose} title="Run with another message" size="lg">
      <Textarea
        label="Message"
        autosize
        minRows={6}
        error={wrongIn(rerun.error)("content")}
        maxRows={20}
        value={content}
        onChange={(event) => setContent(event.currentTarget.value)}
        data-autofocus
      />
      {rerun.error && <ApiError error={rerun.error} />}
      <Group justify="flex-end" mt="lg" gap="xs">
        <Button variant="default" onClick={onClose}>
          Keep as it is
        </Button>
        <Button
          loading={rerun.isPending}
          disabled={content.trim() === ""}
          onClick={() => rerun.mutate({ content }, { onSuccess: onClose })}
        >
          Run
        </Button>
      </Group>
    </Dialog>
  );
}

/** Sends the same message again. The key stays with whoever runs it. */
function curlOf(task: Task): string {
  const body = JSON.stringify({ content: task.prompt, run_agent: true, source: task.source ?? "api" });
  return [
    `curl -X POST '${location.origin}/api/v1/sessions/${task.session_id}/messages'`,
    `-H "Authorization: Bearer $HEDDLE_API_KEY" -H 'Content-Type: application/json'`,
    `-d '${body.replaceAll("'", "'\\''")}'`,
  ].join(" \\\n  ");
}

import { Button, Select, Textarea, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "wouter";
import { ConfirmDestructive } from "../../parts/confirm.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { Form } from "../../parts/form.tsx";
import { Time } from "../../parts/time.tsx";
import { type Card, mission, PRIORITIES, refreshMission } from "./mission.ts";
import classes from "./mission-control.module.css";

const CHOICES = Object.entries(PRIORITIES).map(([value, label]) => ({ value, label }));

interface Draft extends Pick<Card, "title" | "description" | "priority"> {
  column: string;
  assigned: string;
  /** Separated by commas. */
  tags: string;
  due: string;
}

interface CardDialogProps {
  /** Missing for a new card. */
  card?: Card | undefined;
  columns: readonly string[];
  mayWrite: boolean;
  onClose(): void;
}

/** A card with all its fields; its column can be chosen here as well. */
export function CardDialog({ card, columns, mayWrite, onClose }: CardDialogProps) {
  const [isDeleting, setDeleting] = useState(false);
  const [draft, setDraft] = useState<Draft>({
    title: card?.title ?? "",
    description: card?.description ?? "",
    column: card?.column_name ?? columns[0] ?? "Backlog",
    priority: card?.priority ?? "medium",
    assigned: card?.assigned ?? "",
    tags: card?.tags.join(", ") ?? "",
    due: card?.due ?? "",
  });
  const set = (change: Partial<Draft>) => setDraft({ ...draft, ...change });
  const save = useMutation({
    mutationFn: () => saveCard(card, draft),
    onSuccess: async () => {
      await refreshMission();
      onClose();
    },
  });
  if (card && isDeleting) {
    return (
      <ConfirmDestructive
        action="Delete task"
        title="Delete this task?"
        onConfirm={async () => {
          await mission("DELETE", `/kanban/${card.id}`);
          await refreshMission();
          onClose();
        }}
        onClose={() => setDeleting(false)}
      >
        “{card.title}” is taken off the board. What the timeline tells about it stays.
      </ConfirmDestructive>
    );
  }
  return (
    <Dialog onClose={onClose} title={card ? "Task" : "New task"}>
      <Form
        submit={card ? "Save task" : "Create task"}
        busy={save.isPending}
        error={save.error}
        onSubmit={() => save.mutate()}
        onCancel={onClose}
      >
        <CardFields draft={draft} columns={columns} set={set} />
      </Form>
      {card && (
        <div className={classes.cardFoot}>
          <span className="faint">
            Created <Time at={card.created_at} />
          </span>
          {card.task_id !== null && <Link href={`/tasks/${card.task_id}`}>The run that created it</Link>}
          {mayWrite && (
            <Button variant="default" size="xs" onClick={() => setDeleting(true)}>
              Delete …
            </Button>
          )}
        </div>
      )}
    </Dialog>
  );
}

interface CardFieldsProps {
  draft: Draft;
  columns: readonly string[];
  set(change: Partial<Draft>): void;
}

function CardFields({ draft, columns, set }: CardFieldsProps) {
  return (
    <>
      <TextInput
        label="Title"
        required
        maxLength={300}
        data-autofocus
        value={draft.title}
        onChange={(event) => set({ title: event.currentTarget.value })}
      />
      <Textarea
        label="Description"
        autosize
        minRows={3}
        maxRows={12}
        maxLength={20000}
        value={draft.description}
        onChange={(event) => set({ description: event.currentTarget.value })}
      />
      <Select
        label="Column"
        data={[...columns]}
        allowDeselect={false}
        value={draft.column}
        onChange={(column) => column !== null && set({ column })}
      />
      <Select
        label="Priority"
        data={CHOICES}
        allowDeselect={false}
        value={draft.priority}
        onChange={(priority) => priority !== null && set({ priority: priority as Card["priority"] })}
      />
      <TextInput
        label="Assigned to"
        maxLength={200}
        value={draft.assigned}
        onChange={(event) => set({ assigned: event.currentTarget.value })}
      />
      <TextInput
        label="Tags"
        description="Separated by commas"
        value={draft.tags}
        onChange={(event) => set({ tags: event.currentTarget.value })}
      />
      <TextInput
        label="Due"
        type="date"
        value={draft.due}
        onChange={(event) => set({ due: event.currentTarget.value })}
      />
    </>
  );
}

async function saveCard(card: Card | undefined, draft: Draft): Promise<void> {
  const { column, tags, due, assigned, ...fields } = draft;
  const body = {
    ...fields,
    assigned: assigned === "" ? null : assigned,
    due: due === "" ? null : due,
    tags: tags
      .split(",")
      .map((tag) => tag.trim())
      .filter(Boolean),
  };
  if (!card) {
    await mission("POST", "/kanban/create", { ...body, column });
    return;
  }
  await mission("PATCH", "/kanban/update", { card_id: card.id, ...body });
  if (column === card.column_name) return;
  await mission("POST", "/kanban/move", {
    card_id: card.id,
    from_column: card.column_name,
    to_column: column,
  });
}

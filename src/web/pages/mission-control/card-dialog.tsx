import { Button, Select, Textarea, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { ConfirmDestructive } from "../../parts/confirm.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { Form } from "../../parts/form.tsx";
import { Time } from "../../parts/time.tsx";
import { type IfMatch, useEdited } from "../../parts/use-edited.tsx";
import { type Wrong, wrongIn } from "../../parts/wrong-field.ts";
import { CardRuns } from "./card-runs.tsx";
import { type Card, mission, PRIORITIES, readCard, refreshMission } from "./mission.ts";
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
  const [draft, setDraft] = useState<Draft>(() =>
    card ? draftOf(card) : { ...EMPTY, column: columns[0] ?? EMPTY.column },
  );
  const edited = useEdited<Card | typeof NEW, Body>({
    one: card ?? NEW,
    fieldsOf: (one) => bodyOf("id" in one ? draftOf(one) : EMPTY),
    read: async () => (card && (await readCard(card.id))) ?? NEW,
  });
  const set = (change: Partial<Draft>) => setDraft({ ...draft, ...change });
  const save = useMutation({
    mutationFn: () =>
      card
        ? edited.save(bodyOf(draft), (changed, { header }) => changeCard(card, changed, header))
        : mission("POST", "/kanban/create", bodyOf(draft)),
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
        notice={edited.notice({
          onKeep: () => save.mutate(),
          mine: () => bodyOf(draft),
          onTake: (theirs, { column, ...kept }) =>
            "id" in theirs
              ? setDraft(draftOf({ ...theirs, ...kept, column_name: column ?? theirs.column_name }))
              : onClose(),
        })}
        onSubmit={() => save.mutate()}
        onCancel={onClose}
      >
        <CardFields draft={draft} columns={columns} set={set} wrong={wrongIn(save.error)} />
      </Form>
      {card && card.run_count > 0 && <CardRuns card={card} />}
      {card && (
        <div className={classes.cardFoot}>
          <span className="faint">
            Created <Time at={card.created_at} />
          </span>
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
  wrong: Wrong;
}

function CardFields({ draft, columns, set, wrong }: CardFieldsProps) {
  return (
    <>
      <TextInput
        label="Title"
        required
        maxLength={300}
        data-autofocus
        error={wrong("title")}
        value={draft.title}
        onChange={(event) => set({ title: event.currentTarget.value })}
      />
      <Textarea
        label="Description"
        autosize
        minRows={3}
        maxRows={12}
        maxLength={20000}
        error={wrong("description")}
        value={draft.description}
        onChange={(event) => set({ description: event.currentTarget.value })}
      />
      <Select
        label="Column"
        data={[...columns]}
        allowDeselect={false}
        error={wrong("column", "to_column")}
        value={draft.column}
        onChange={(column) => column !== null && set({ column })}
      />
      <Select
        label="Priority"
        data={CHOICES}
        allowDeselect={false}
        error={wrong("priority")}
        value={draft.priority}
        onChange={(priority) => priority !== null && set({ priority: priority as Card["priority"] })}
      />
      <TextInput
        label="Assigned to"
        maxLength={200}
        error={wrong("assigned")}
        value={draft.assigned}
        onChange={(event) => set({ assigned: event.currentTarget.value })}
      />
      <TextInput
        label="Tags"
        description="Separated by commas"
        error={wrong("tags")}
        value={draft.tags}
        onChange={(event) => set({ tags: event.currentTarget.value })}
      />
      <TextInput
        label="Due"
        type="date"
        error={wrong("due")}
        value={draft.due}
        onChange={(event) => set({ due: event.currentTarget.value })}
      />
    </>
  );
}

const NEW = { updated_at: null };

const EMPTY: Draft = {
  ...{ title: "", description: "", column: "Backlog", priority: "medium" },
  ...{ assigned: "", tags: "", due: "" },
};

const draftOf = ({ title, description, column_name, priority, assigned, tags, due }: Card): Draft => ({
  ...{ title, description, priority, column: column_name },
  ...{ assigned: assigned ?? "", tags: tags.join(", "), due: due ?? "" },
});

/** As the routes take it. */
interface Body extends Pick<Card, "title" | "description" | "priority" | "assigned" | "tags" | "due"> {
  column: string;
}

const bodyOf = ({ assigned, due, tags, ...fields }: Draft): Body => ({
  ...fields,
  assigned: assigned === "" ? null : assigned,
  due: due === "" ? null : due,
  tags: tags
    .split(",")
    .map((tag) => tag.trim())
    .filter(Boolean),
});

async function changeCard(card: Card, { column, ...fields }: Partial<Body>, header: IfMatch): Promise<void> {
  if (Object.keys(fields).length > 0) {
    await mission("PATCH", "/kanban/update", { card_id: card.id, ...fields }, header);
  }
  if (column === undefined) return;
  await mission("POST", "/kanban/move", {
    card_id: card.id,
    from_column: card.column_name,
    to_column: column,
  });
}

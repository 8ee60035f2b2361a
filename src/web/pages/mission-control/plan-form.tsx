import { ActionIcon, Button, Textarea, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { Form } from "../../parts/form.tsx";
import { Icon } from "../../parts/icon.tsx";
import { useEdited } from "../../parts/use-edited.tsx";
import { wrongIn } from "../../parts/wrong-field.ts";
import { mission, type Plan } from "./mission.ts";
import classes from "./mission-control.module.css";

interface PlanFormProps {
  /** The plan that is changed; missing for a new one. */
  plan?: Plan;
  onDone(plan: Plan): void;
  onCancel(): void;
}

/** Steps keep a key of their own, so that removing one does not move the text of the others. */
interface Draft {
  key: number;
  content: string;
}

/** What is approved of a plan is known by its hash, which is its version, too. */
type Versioned = Pick<Plan, "title" | "steps"> & { updated_at: string | null };

const versioned = (plan: Plan | undefined): Versioned => ({
  ...{ title: plan?.title ?? "", steps: plan?.steps ?? [] },
  updated_at: plan?.hash ?? null,
});

/** Those that have not begun, or have failed. */
const openSteps = ({ steps }: Pick<Plan, "steps">): string[] =>
  steps.filter(({ status }) => status === "pending" || status === "failed").map(({ content }) => content);

const draftsOf = (contents: string[]): Draft[] =>
  (contents.length > 0 ? contents : [""]).map((content, key) => ({ key, content }));

/** A new plan, or the steps of a plan that have not begun or have failed. */
export function PlanForm({ plan, onDone, onCancel }: PlanFormProps) {
  const [title, setTitle] = useState(plan?.title ?? "");
  const [steps, setSteps] = useState<Draft[]>(() => draftsOf(plan ? openSteps(plan) : []));
  const edited = useEdited<Versioned, { title: string; steps: string[] }>({
    one: versioned(plan),
    fieldsOf: (one) => ({ title: one.title, steps: openSteps(one) }),
    read: async () => versioned(plan && (await mission<{ plan: Plan }>("GET", `/plans/${plan.id}`)).plan),
  });
  const save = useMutation({
    mutationFn: async () => {
      const body = { title, steps: steps.map(({ content }) => content) };
      const answer = plan
        ? await edited.save(body, (changed, { header }) =>
            mission<{ plan: Plan }>("PATCH", `/plans/${plan.id}`, changed, header),
          )
        : await mission<{ plan: Plan }>("POST", "/plans", body);
      return answer.plan;
    },
    onSuccess: onDone,
  });
  const change = (key: number, content: string) =>
    setSteps(steps.map((step) => (step.key === key ? { key, content } : step)));
  const wrong = wrongIn(save.error);
  return (
    <Form
      submit={plan ? "Save; it then waits for approval" : "Create plan"}
      busy={save.isPending}
      error={save.error}
      notice={edited.notice({
        onKeep: () => save.mutate(),
        mine: () => ({ title, steps: steps.map(({ content }) => content) }),
        onTake: (theirs, kept) => {
          setTitle(kept.title ?? theirs.title);
          if (!kept.steps) setSteps(draftsOf(openSteps(theirs)));
        },
      })}
      onSubmit={() => save.mutate()}
      onCancel={onCancel}
    >
      <TextInput
        label="What is to be reached"
        required
        maxLength={300}
        error={wrong("title")}
        value={title}
        onChange={(event) => setTitle(event.currentTarget.value)}
      />
      {steps.map(({ key, content }, at) => (
        <div key={key} className={classes.stepField}>
          <Textarea
            label={`Step ${at + 1}`}
            required
            autosize
            minRows={1}
            maxLength={4000}
            error={wrong(`steps.${at}`)}
            value={content}
            onChange={(event) => change(key, event.currentTarget.value)}
          />
          <ActionIcon
            aria-label={`Remove step ${at + 1}`}
            disabled={steps.length === 1}
            onClick={() => setSteps(steps.filter((step) => step.key !== key))}
          >
            <Icon name="X" />
          </ActionIcon>
        </div>
      ))}
      <Button
        variant="default"
        size="xs"
        className={classes.addStep}
        leftSection={<Icon name="Plus" size={14} />}
        onClick={() =>
          setSteps([...steps, { key: Math.max(...steps.map(({ key }) => key)) + 1, content: "" }])
        }
      >
        Add a step
      </Button>
    </Form>
  );
}

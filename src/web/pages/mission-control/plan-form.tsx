import { ActionIcon, Button, Textarea, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { Form } from "../../parts/form.tsx";
import { Icon } from "../../parts/icon.tsx";
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

/** A new plan, or the steps of a plan that have not begun or have failed. */
export function PlanForm({ plan, onDone, onCancel }: PlanFormProps) {
  const [title, setTitle] = useState(plan?.title ?? "");
  const [steps, setSteps] = useState<Draft[]>(() => {
    const open = plan?.steps.filter(({ status }) => status === "pending" || status === "failed") ?? [];
    return (open.length > 0 ? open : [{ content: "" }]).map(({ content }, key) => ({ key, content }));
  });
  const save = useMutation({
    mutationFn: async () => {
      const body = { title, steps: steps.map(({ content }) => content) };
      const answer = plan
        ? await mission<{ plan: Plan }>("PATCH", `/plans/${plan.id}`, body)
        : await mission<{ plan: Plan }>("POST", "/plans", body);
      return answer.plan;
    },
    onSuccess: onDone,
  });
  const change = (key: number, content: string) =>
    setSteps(steps.map((step) => (step.key === key ? { key, content } : step)));
  return (
    <Form
      submit={plan ? "Save; it then waits for approval" : "Create plan"}
      busy={save.isPending}
      error={save.error}
      onSubmit={() => save.mutate()}
      onCancel={onCancel}
    >
      <TextInput
        label="What is to be reached"
        required
        maxLength={300}
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

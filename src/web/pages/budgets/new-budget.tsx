import { NumberInput, Select, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, take } from "../../api/client.ts";
import { bots, schedules } from "../../api/queries.ts";
import { Form } from "../../parts/form.tsx";
import { type Wrong, wrongIn } from "../../parts/wrong-field.ts";
import { type Budget, refreshBudgets } from "./queries.ts";
import { METRICS, PERIODS, SCOPES } from "./words.ts";

const optionsOf = (words: Record<string, string>) =>
  Object.entries(words).map(([value, label]) => ({ value, label }));

const EMPTY = {
  scope: "server" as Budget["scope"],
  subject: "",
  metric: "cost_usd" as Budget["metric"],
  period: "month" as Budget["period"],
  amount: "" as number | string,
};
type Draft = typeof EMPTY;

export function NewBudget({ onDone, onCancel }: { onDone(id: string): void; onCancel(): void }) {
  const [draft, setDraft] = useState(EMPTY);
  const set = (change: Partial<Draft>) => setDraft({ ...draft, ...change });
  const create = useMutation({
    mutationFn: () => {
      const { scope, subject, amount, ...what } = draft;
      const body = { scope, ...what, amount: Number(amount), ...(scope !== "server" && { subject }) };
      return take(api.POST("/api/v1/budgets", { body }));
    },
    onSuccess: ({ id }) => {
      void refreshBudgets();
      onDone(id);
    },
  });
  const wrong = wrongIn(create.error);
  return (
    <Form
      submit="Create budget"
      busy={create.isPending}
      error={create.error}
      onSubmit={() => create.mutate()}
      onCancel={onCancel}
    >
      <Select
        label="Whose runs"
        data={optionsOf(SCOPES)}
        error={wrong("scope")}
        allowDeselect={false}
        value={draft.scope}
        onChange={(scope) => scope !== null && set({ scope: scope as Draft["scope"], subject: "" })}
      />
      <Subject draft={draft} set={set} wrong={wrong} />
      <Select
        label="Of what"
        data={optionsOf(METRICS)}
        error={wrong("metric")}
        allowDeselect={false}
        value={draft.metric}
        onChange={(metric) => metric !== null && set({ metric: metric as Draft["metric"] })}
      />
      <Select
        label="In each"
        description={draft.period === "run" ? undefined : "Hours, days and months begin in UTC."}
        data={optionsOf(PERIODS)}
        allowDeselect={false}
        error={wrong("period")}
        value={draft.period}
        onChange={(period) => period !== null && set({ period: period as Draft["period"] })}
      />
      <NumberInput
        label="Amount"
        description={draft.metric === "seconds" ? "In seconds." : undefined}
        required
        hideControls
        min={0}
        prefix={draft.metric === "cost_usd" ? "$" : ""}
        thousandSeparator=","
        error={wrong("amount")}
        value={draft.amount}
        onChange={(amount) => set({ amount })}
      />
    </Form>
  );
}

interface SubjectProps {
  draft: Draft;
  set(change: Partial<Draft>): void;
  wrong: Wrong;
}

function Subject({ draft: { scope, subject }, set, wrong }: SubjectProps) {
  const { data: knownBots = [] } = useQuery({ ...bots, enabled: scope === "bot" });
  const { data: knownSchedules = [] } = useQuery({ ...schedules, enabled: scope === "schedule" });
  if (scope === "server") return null;
  if (scope === "integration") {
    return (
      <TextInput
        label="Integration"
        description="Its id, such as github."
        required
        error={wrong("subject")}
        value={subject}
        onChange={({ currentTarget }) => set({ subject: currentTarget.value })}
      />
    );
  }
  const known = scope === "bot" ? knownBots : knownSchedules;
  return (
    <Select
      label={SCOPES[scope]}
      required
      searchable
      data={known.map(({ id, name }) => ({ value: id, label: name }))}
      error={wrong("subject")}
      value={subject === "" ? null : subject}
      onChange={(chosen) => set({ subject: chosen ?? "" })}
    />
  );
}

import { Button, NumberInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useLocation } from "wouter";
import { api, take } from "../../api/client.ts";
import { notifyDone, notifyError } from "../../parts/api-error.tsx";
import { Awaited } from "../../parts/awaited.tsx";
import { ConfirmDestructive } from "../../parts/confirm.tsx";
import { Detail } from "../../parts/detail.tsx";
import { Facts } from "../../parts/facts.tsx";
import { Form } from "../../parts/form.tsx";
import { Section } from "../../parts/page-frame.tsx";
import { Time } from "../../parts/time.tsx";
import { useEdited } from "../../parts/use-edited.tsx";
import { wrongIn } from "../../parts/wrong-field.ts";
import { BudgetChart } from "./budget-chart.tsx";
import classes from "./budgets.module.css";
import { Meter } from "./meter.tsx";
import { type Budget, budget, refreshBudgets } from "./queries.ts";
import { shareText } from "./share-text.ts";
import { amountText, capText, METRICS, ownerText, PERIODS, SCOPES } from "./words.ts";

interface BudgetDetailProps {
  id: string;
  mayWrite: boolean;
  closeHref: string;
  nameOf(id: string): string | undefined;
  onChanged(): void;
}

export function BudgetDetail({ id, mayWrite, closeHref, nameOf, onChanged }: BudgetDetailProps) {
  const { data, error, refetch } = useQuery(budget(id));
  const [isChanging, setChanging] = useState(false);
  if (!data) {
    return (
      <Detail title="Budget" closeHref={closeHref}>
        <Awaited error={error} onRetry={() => void refetch()} />
      </Detail>
    );
  }
  return (
    <Detail
      title={ownerText(data, nameOf)}
      closeHref={closeHref}
      facts={<span>{capText(data)}</span>}
      actions={
        mayWrite && (
          <Actions
            budget={data}
            closeHref={closeHref}
            onChanged={onChanged}
            onChange={() => setChanging(!isChanging)}
          />
        )
      }
    >
      {isChanging && (
        <ChangeAmount
          budget={data}
          onDone={() => {
            setChanging(false);
            onChanged();
          }}
          onCancel={() => setChanging(false)}
        />
      )}
      {data.current && <Current budget={data} current={data.current} />}
      <Section title="What it limits">
        <Facts
          facts={[
            [
              "Whose runs",
              data.scope === "server" ? SCOPES.server : `${SCOPES[data.scope]} ${ownerText(data, nameOf)}`,
            ],
            ["Of what", METRICS[data.metric]],
            ["In each", PERIODS[data.period]],
            ["Amount", amountText(data.metric, data.amount)],
            [
              "At the cap",
              data.enabled ? "Runs stop with the error usage_limit_exceeded" : "Nothing: it is off",
            ],
          ]}
        />
      </Section>
    </Detail>
  );
}

function Current({ budget: data, current }: { budget: Budget; current: NonNullable<Budget["current"]> }) {
  const { metric } = data;
  return (
    <Section title={`This ${data.period}`}>
      <div className={classes.now}>
        <Meter current={current} />
        <p className={classes.sentence}>
          {amountText(metric, current.used)} of {amountText(metric, current.cap)} used (
          {shareText(current.share)}
          ).{" "}
          {current.extended > 0 &&
            `${amountText(metric, current.extended)} were added for this ${data.period}. `}
          A new {data.period} begins <Time at={current.end} />.
        </p>
        <p className={classes.sentence}>
          <Forecast budget={data} current={current} />
        </p>
      </div>
      <BudgetChart budget={data} current={current} />
    </Section>
  );
}

function Forecast({ budget: data, current }: { budget: Budget; current: NonNullable<Budget["current"]> }) {
  if (current.share >= 1) return <>It is used up: runs stop until then, unless it is extended.</>;
  if (current.forecast === null)
    return <>The {data.period} has only just begun, so there is no forecast yet.</>;
  const atEnd = amountText(data.metric, current.forecast);
  if (current.reaches_cap_at === null) return <>At this pace it comes to {atEnd}, within the cap.</>;
  return (
    <>
      At this pace it would come to {atEnd}; the cap is reached <Time at={current.reaches_cap_at} />.
    </>
  );
}

function ChangeAmount({
  budget: one,
  onDone,
  onCancel,
}: {
  budget: Budget;
  onDone(): void;
  onCancel(): void;
}) {
  const [value, setValue] = useState<number | string>(one.amount);
  const path = { id: one.id };
  const edited = useEdited({
    one,
    fieldsOf: ({ amount }) => ({ amount }),
    read: () => take(api.GET("/api/v1/budgets/{id}", { params: { path } })),
  });
  const change = useMutation({
    mutationFn: () =>
      edited.save({ amount: Number(value) }, (body, { header }) =>
        take(api.PATCH("/api/v1/budgets/{id}", { params: { path, header }, body })),
      ),
    onSuccess: () => {
      void refreshBudgets();
      onDone();
    },
  });
  return (
    <Form
      submit="Save amount"
      busy={change.isPending}
      error={change.error}
      notice={edited.notice({
        onKeep: () => change.mutate(),
        mine: () => ({ amount: Number(value) }),
        onTake: ({ amount }, kept) => setValue(kept.amount ?? amount),
      })}
      onSubmit={() => change.mutate()}
      onCancel={onCancel}
    >
      <NumberInput
        label={`Amount: ${METRICS[one.metric].toLowerCase()}`}
        required
        hideControls
        min={0}
        error={wrongIn(change.error)("amount")}
        value={value}
        onChange={setValue}
      />
    </Form>
  );
}

interface ActionsProps {
  budget: Budget;
  closeHref: string;
  onChanged(): void;
  onChange(): void;
}

function Actions({ budget: data, closeHref, onChanged, onChange }: ActionsProps) {
  const { id, enabled, current, metric, amount } = data;
  const [, navigate] = useLocation();
  const [isDeleting, setDeleting] = useState(false);
  const params = { path: { id } };
  const act = useMutation({
    mutationFn: async (action: "extend" | "toggle") => {
      if (action === "extend") await take(api.POST("/api/v1/budgets/{id}/extend", { params, body: {} }));
      else await take(api.PATCH("/api/v1/budgets/{id}", { params, body: { enabled: !enabled } }));
    },
    onSuccess: () => {
      void refreshBudgets();
      onChanged();
    },
    onError: notifyError("The budget was not changed"),
  });
  return (
    <>
      {current && current.extended === 0 && enabled && (
        <Button size="xs" disabled={act.isPending} onClick={() => act.mutate("extend")}>
          Add {amountText(metric, metric === "cost_usd" ? amount / 2 : Math.ceil(amount / 2))} for this{" "}
          {data.period}
        </Button>
      )}
      <Button size="xs" variant="default" onClick={onChange}>
        Change amount
      </Button>
      <Button size="xs" variant="default" disabled={act.isPending} onClick={() => act.mutate("toggle")}>
        {enabled ? "Switch off" : "Switch on"}
      </Button>
      <Button size="xs" variant="default" onClick={() => setDeleting(true)}>
        Delete …
      </Button>
      {isDeleting && (
        <ConfirmDestructive
          action="Delete budget"
          title="Delete this budget?"
          onClose={() => setDeleting(false)}
          onConfirm={async () => {
            await take(api.DELETE("/api/v1/budgets/{id}", { params }));
            notifyDone("The budget is deleted.");
            onChanged();
            navigate(closeHref);
          }}
        >
          Runs are not limited by it any more. What they have used stays in the usage report.
        </ConfirmDestructive>
      )}
    </>
  );
}

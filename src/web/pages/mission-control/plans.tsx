import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useLocation, useRoute } from "wouter";
import { staticRows } from "../../api/static-rows.ts";
import { DataList } from "../../parts/data-list.tsx";
import { Detail } from "../../parts/detail.tsx";
import { Empty } from "../../parts/empty.tsx";
import { Icon } from "../../parts/icon.tsx";
import { Split } from "../../parts/split.tsx";
import { Time } from "../../parts/time.tsx";
import { plural } from "../../parts/units.tsx";
import { useFilters } from "../../parts/use-filters.ts";
import { HOME, PLAN_WORDS, type Plan, plans, refreshMission } from "./mission.ts";
import classes from "./mission-control.module.css";
import { PlanDetail, PlanStatus } from "./plan-detail.tsx";
import { PlanForm } from "./plan-form.tsx";

const PLANS = `${HOME}/plans`;

export function Plans({ mayWrite }: { mayWrite: boolean }) {
  const [, params] = useRoute("/mission-control/plans/:id");
  const { add } = useFilters(["add"] as const).values;
  const [, navigate] = useLocation();
  const found = useQuery({ ...plans, select: ({ plans }) => plans });
  const create = mayWrite && (
    <Button component={Link} href={`${PLANS}?add=1`} size="xs" leftSection={<Icon name="Plus" size={14} />}>
      New plan
    </Button>
  );
  const detail = params?.id ? (
    <PlanDetail key={params.id} id={params.id} mayWrite={mayWrite} closeHref={PLANS} />
  ) : (
    add !== undefined && (
      <Detail isNew title="A new plan" closeHref={PLANS}>
        <PlanForm
          onDone={({ id }) => {
            void refreshMission();
            navigate(`${PLANS}/${id}`);
          }}
          onCancel={() => navigate(PLANS)}
        />
      </Detail>
    )
  );
  return (
    <div className={classes.filled}>
      {create && <div className={classes.tools}>{create}</div>}
      <Split
        name="plans"
        main={
          <DataList<Plan>
            what="plan"
            rows={staticRows(found)}
            keyOf={({ id }) => id}
            hrefOf={({ id }) => `${PLANS}/${id}`}
            row={(plan) => ({
              lead: <PlanStatus status={plan.status} compact />,
              title: plan.title,
              sub: `${PLAN_WORDS[plan.status]} · ${plural(plan.steps.length, "step")} · ${plan.created_by}`,
              end: <Time at={plan.created_at} />,
            })}
            selected={params?.id}
            empty={
              <Empty icon="ListChecks" title="No plan yet" action={create}>
                Ask a bot for one, or write it yourself. Nothing is done until somebody has approved it.
              </Empty>
            }
          />
        }
        detail={detail}
      />
    </div>
  );
}

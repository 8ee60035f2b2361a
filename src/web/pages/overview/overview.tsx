// The start page: what needs a person first, then what happened, then what integrations have to say.

import { SegmentedControl } from "@mantine/core";
import { PageFrame } from "../../parts/page-frame.tsx";
import { useFilters } from "../../parts/use-filters.ts";
import { Activity } from "./activity.tsx";
import { Modules } from "./modules.tsx";
import classes from "./overview.module.css";
import { Repairs } from "./repairs.tsx";
import { Usage } from "./usage.tsx";

const FILTERS = ["span"] as const;
const SPANS = [
  { value: "day", label: "24 hours" },
  { value: "week", label: "7 days" },
  { value: "month", label: "30 days" },
];

export function View() {
  const filters = useFilters(FILTERS);
  const span = SPANS.find(({ value }) => value === filters.values.span)?.value ?? "day";
  return (
    <PageFrame
      title="Overview"
      about="What needs you, and what has happened."
      actions={
        <SegmentedControl
          size="xs"
          aria-label="Time span"
          data={SPANS}
          value={span}
          onChange={(value) => filters.set("span", value === "day" ? null : value)}
        />
      }
    >
      <div className={classes.page}>
        <Repairs />
        <Activity span={span} />
        <Usage />
        <Modules />
      </div>
    </PageFrame>
  );
}

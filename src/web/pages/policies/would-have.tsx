import { Section } from "../../parts/page-frame.tsx";
import { ShortList } from "../../parts/short-list.tsx";
import { Time } from "../../parts/time.tsx";
import { plural } from "../../parts/units.tsx";
import { Effect } from "./effect.tsx";
import type { DryRun } from "./queries.ts";

/** What a policy would have done with the latest calls. */
export function WouldHave({ recent }: { recent: NonNullable<DryRun["recent"]> }) {
  const { checked, fitting, deciding, examples } = recent;
  return (
    <Section title="What it would have done">
      <p role="status">
        {checked === 0
          ? "There are no calls yet to compare with."
          : `Of the latest ${plural(checked, "call")} it fits ${fitting.toLocaleString()}, and would have decided on ${deciding.toLocaleString()}.`}
      </p>
      {examples.length > 0 && (
        <ShortList
          rows={examples.map((one) => ({
            key: one.id,
            href: `/tasks/${one.task_id}`,
            lead: <Effect value={one.effect} />,
            title: `${one.tool_name}, called by ${one.bot_id}${one.decides ? "" : " (another policy decides)"}`,
            end: <Time at={one.created_at} />,
          }))}
          none=""
        />
      )}
    </Section>
  );
}

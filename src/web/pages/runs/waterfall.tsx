import { useLocation } from "wouter";
import { durationText } from "../../parts/duration-text.ts";
import { Icon } from "../../parts/icon.tsx";
import type { IconName } from "../../parts/icon-names.ts";
import { ToolProgress } from "../../parts/tool-progress.tsx";
import { type Bar, barsOf, type Kind, kindOf, labelOf, type Span } from "./spans.ts";
import type { CallProgress } from "./use-call-progress.ts";
import classes from "./waterfall.module.css";

const ICONS: Record<Kind, IconName> = {
  webhook: "Webhook",
  queue: "Timer",
  run: "Workflow",
  model: "Brain",
  approval: "ShieldCheck",
  tool: "Wrench",
  delivery: "Send",
  other: "CircleDot",
};

interface WaterfallProps {
  spans: readonly Span[];
  selected: string | undefined;
  hrefOf(span: Span): string;
  now: number;
  /** What a call in progress reports about itself. */
  progressOf(span: Span): CallProgress | undefined;
}

/** The steps of a run, each at its place in time. Arrow keys move between them. */
export function Waterfall({ spans, selected, hrefOf, now, progressOf }: WaterfallProps) {
  const [, navigate] = useLocation();
  const { bars, totalMs } = barsOf(spans, now);
  const at = spans.findIndex(({ span_id }) => span_id === selected);
  const onKeyDown = (event: React.KeyboardEvent<HTMLElement>) => {
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const next = spans[Math.max(0, at + (move ?? 0))];
    if (move === undefined || !next) return;
    event.preventDefault();
    navigate(hrefOf(next), { replace: true });
    const link = event.currentTarget.querySelector<HTMLElement>(`[data-span="${next.span_id}"]`);
    link?.focus();
  };
  return (
    <section className={classes.waterfall} aria-label="Steps of the run">
      <div className={classes.scale} aria-hidden="true">
        {[0, 0.25, 0.5, 0.75, 1].map((share) => (
          <span key={share}>{durationText(share * totalMs)}</span>
        ))}
      </div>
      <ol className={classes.steps} onKeyDown={onKeyDown}>
        {bars.map((bar) => (
          <Step
            key={bar.span.span_id}
            bar={bar}
            progress={progressOf(bar.span)}
            isSelected={bar.span.span_id === selected}
            onOpen={() => navigate(hrefOf(bar.span), { replace: at >= 0 })}
          />
        ))}
      </ol>
    </section>
  );
}

function Step({
  bar: { span, from, width },
  progress,
  isSelected,
  onOpen,
}: {
  bar: Bar;
  progress: CallProgress | undefined;
  isSelected: boolean;
  onOpen(): void;
}) {
  const kind = kindOf(span);
  const took =
    span.duration_ms === null ? (span.error === null ? "goes on" : "failed") : durationText(span.duration_ms);
  return (
    <li>
      <button
        type="button"
        className={classes.step}
        data-span={span.span_id}
        data-selected={isSelected || undefined}
        aria-current={isSelected || undefined}
        onClick={onOpen}
      >
        <span className={classes.name} data-inner={span.parent_span_id !== null || undefined}>
          <Icon name={ICONS[kind]} size={14} />
          <span className={classes.label}>{labelOf(span)}</span>
          {span.error !== null && <Icon name="AlertTriangle" size={13} />}
        </span>
        <span className={classes.took}>{took}</span>
        {progress && (
          <span className={classes.progress}>
            <ToolProgress {...progress} />
          </span>
        )}
        <span className={classes.track}>
          <span
            className={classes.bar}
            data-kind={span.error === null ? kind : "failed"}
            data-open={span.duration_ms === null && span.error === null ? true : undefined}
            style={{ left: `${100 * from}%`, width: `${100 * width}%` }}
          />
        </span>
      </button>
    </li>
  );
}

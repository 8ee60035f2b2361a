import { Icon } from "./icon.tsx";
import type { IconName } from "./icon-names.ts";
import classes from "./status.module.css";

export type Tone = "good" | "warn" | "bad" | "calm" | "quiet";

/** Every status word of the API: how it reads, its colour, and a shape for those who do not see the colour. */
const STATUSES: Record<string, [label: string, tone: Tone, icon: IconName]> = {
  // Runs
  pending: ["Queued", "quiet", "Clock"],
  running: ["Running", "calm", "Play"],
  waiting: ["Waiting", "warn", "Pause"],
  complete: ["Complete", "good", "Check"],
  failed: ["Failed", "bad", "X"],
  cancelled: ["Cancelled", "quiet", "Ban"],
  merged: ["Merged", "quiet", "GitBranch"],
  // Deliveries
  retrying: ["Retrying", "warn", "RefreshCw"],
  delivered: ["Delivered", "good", "Check"],
  dead: ["Dead letter", "bad", "AlertTriangle"],
  dead_letter: ["Dead letter", "bad", "AlertTriangle"],
  // Webhooks
  accepted: ["Accepted", "good", "Check"],
  duplicate: ["Duplicate", "quiet", "Layers"],
  ignored: ["Ignored", "quiet", "Minus"],
  rejected: ["Rejected", "warn", "Ban"],
  // Memories
  unreviewed: ["Waits for review", "warn", "Eye"],
  // Approvals
  approved: ["Approved", "good", "Check"],
  denied: ["Denied", "bad", "Ban"],
  expired: ["Nobody decided", "quiet", "Clock"],
  // People of a service
  allowed: ["Allowed", "good", "Check"],
  blocked: ["Blocked", "bad", "Ban"],
  // Due times of schedules
  due: ["Due", "calm", "Clock"],
  started: ["Started", "calm", "Play"],
  skipped: ["Skipped", "quiet", "Minus"],
  missed: ["Missed", "warn", "AlertTriangle"],
  // Integrations
  ready: ["Ready", "good", "Check"],
  partial: ["Needs settings", "warn", "SlidersHorizontal"],
  not_configured: ["Not set up", "quiet", "CircleOff"],
  pending_approval: ["Waits for approval", "warn", "ShieldAlert"],
  quarantined: ["Quarantined", "bad", "ShieldAlert"],
  disabled: ["Disabled", "quiet", "Power"],
  loading: ["Loading", "calm", "RefreshCw"],
  // Work of coding agents
  done: ["Done", "good", "Check"],
  unknown: ["Outcome unknown", "warn", "HelpCircle"],
  // Connections
  connecting: ["Connecting", "calm", "RefreshCw"],
  connected: ["Connected", "good", "Check"],
  degraded: ["Not connected", "warn", "AlertTriangle"],
  reauth_required: ["Credentials refused", "bad", "ShieldAlert"],
  // Processes
  stopped: ["Stopped", "quiet", "Square"],
  starting: ["Starting", "calm", "RefreshCw"],
  stopping: ["Stopping", "calm", "Square"],
  backing_off: ["Crashed, starts again", "warn", "RotateCcw"],
  crash_looping: ["Keeps crashing", "bad", "X"],
};

interface StatusProps {
  /** A status word of the API. */
  value: string;
  /** Replaces the usual words. */
  label?: string;
  /** Only the coloured mark; the words are for screen readers. */
  compact?: boolean;
}

/** A status as a coloured badge with a shape and words. */
export function Status({ value, label, compact = false }: StatusProps) {
  const [words, tone, icon] = STATUSES[value] ?? [wordsOf(value), "quiet", "CircleDot"];
  return (
    <span className={classes.status} data-tone={tone} data-compact={compact || undefined}>
      <Icon name={icon} size={12} />
      <span className={compact ? classes.hidden : undefined}>{label ?? words}</span>
    </span>
  );
}

/** A badge in one of the tones for whatever is not a status of the API. */
export function Badge({ tone = "quiet", children }: { tone?: Tone; children: React.ReactNode }) {
  return (
    <span className={classes.status} data-tone={tone}>
      {children}
    </span>
  );
}

export const statusWords = (value: string): string => STATUSES[value]?.[0] ?? wordsOf(value);

function wordsOf(value: string): string {
  const words = value.replaceAll("_", " ");
  return words.slice(0, 1).toUpperCase() + words.slice(1);
}

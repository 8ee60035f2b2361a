import classes from "./budgets.module.css";
import type { Budget } from "./queries.ts";
import { shareText } from "./share-text.ts";

const toneOfShare = (share: number): "good" | "warn" | "bad" =>
  share >= 1 ? "bad" : share >= 0.8 ? "warn" : "good";

/** How much of the cap is used; the mark shows where the forecast ends. */
export function Meter({ current }: { current: NonNullable<Budget["current"]> }) {
  const { share, forecast, cap } = current;
  const ahead = forecast === null ? null : Math.min(1, forecast / cap);
  return (
    <span className={classes.meter} role="img" aria-label={`${shareText(share)} used`}>
      {ahead !== null && ahead > share && (
        <span className={classes.ahead} style={{ width: `${ahead * 100}%` }} />
      )}
      <span
        className={classes.used}
        data-tone={toneOfShare(share)}
        style={{ width: `${Math.min(1, share) * 100}%` }}
      />
    </span>
  );
}

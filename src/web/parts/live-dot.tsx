import type { Connection } from "../api/follow-events.ts";
import classes from "./live-dot.module.css";

const WORDS: Record<Connection, string> = {
  live: "Live",
  connecting: "Connecting",
  cut: "Not connected",
};

/** Whether what is on the screen follows what happens. */
export function LiveDot({ state, labelled = true }: { state: Connection; labelled?: boolean }) {
  return (
    <span className={classes.live} data-state={state} role="status" aria-label={WORDS[state]}>
      <span className={classes.dot} />
      {labelled && <span aria-hidden="true">{WORDS[state]}</span>}
    </span>
  );
}

import classes from "./tool-progress.module.css";

interface ToolProgressProps {
  message: string;
  /** 0 to 1; null: not known. */
  fraction: number | null;
}

/** How far a call is, in its own words. */
export function ToolProgress({ message, fraction }: ToolProgressProps) {
  const percent = fraction === null ? undefined : Math.round(100 * fraction);
  return (
    <span className={classes.progress}>
      <span className={`${classes.message} cut`}>{message}</span>
      {percent !== undefined && (
        <>
          <progress className={classes.bar} max={100} value={percent} aria-label="How far the call is" />
          <span className={classes.percent}>{percent} %</span>
        </>
      )}
    </span>
  );
}

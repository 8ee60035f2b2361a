import { Skeleton } from "@mantine/core";
import classes from "./api-error.module.css";
import { ApiError } from "./api-error.tsx";

interface AwaitedProps {
  error: unknown;
  onRetry(): void;
}

/** Shown in the place of what is still being read: that it is loading, or the API's error. */
export function Awaited({ error, onRetry }: AwaitedProps) {
  return error === null || error === undefined ? <Loading /> : <ApiError error={error} onRetry={onRetry} />;
}

export function Loading() {
  return (
    <div className={classes.awaited} role="status" aria-label="Loading" aria-busy="true">
      {["45%", "80%", "64%", "72%"].map((width) => (
        <Skeleton key={width} height={14} width={width} />
      ))}
    </div>
  );
}

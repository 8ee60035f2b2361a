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

interface Read {
  data: unknown;
  error: unknown;
  fetchStatus: "fetching" | "paused" | "idle";
  refetch(): unknown;
}

/** What several reads make together, once all of them are there. One that is not made, for want of a scope, is not waited for. */
export function AwaitedAll({ reads, children }: { reads: readonly Read[]; children: React.ReactNode }) {
  const missing = reads.find(({ data, error, fetchStatus }) => !data && (error || fetchStatus !== "idle"));
  return missing ? <Awaited error={missing.error} onRetry={() => void missing.refetch()} /> : children;
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

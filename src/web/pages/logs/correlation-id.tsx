import { Link } from "wouter";
import { pageAt, usePages } from "../../pages.tsx";

/** What a run and its deliveries have in common, and the way to the log lines that have it too. */
export function CorrelationId({ value }: { value: string }) {
  const mayRead = pageAt(usePages(), "/logs") !== undefined;
  return (
    <>
      <code>{value}</code>
      {mayRead && (
        <>
          {" "}
          <Link href={`/logs?correlation_id=${encodeURIComponent(value)}`}>Log lines</Link>
        </>
      )}
    </>
  );
}

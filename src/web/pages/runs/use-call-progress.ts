import { useState } from "react";
import { useLiveEvents } from "../../api/live.ts";
import { numberOf, type Span, textOf } from "./spans.ts";

export interface CallProgress {
  message: string;
  fraction: number | null;
}

/** The progress that the calls of a run report while the page is open. */
export function useCallProgress(taskId: string): (span: Span) => CallProgress | undefined {
  const [known, setKnown] = useState<{ of: string; calls: ReadonlyMap<string, CallProgress> }>(NOTHING);
  useLiveEvents(["tool.progress"], ({ task_id, data }) => {
    if (task_id !== taskId) return;
    const { iteration, call_id, message, fraction } = data;
    const news = { message: String(message), fraction: typeof fraction === "number" ? fraction : null };
    setKnown(({ of, calls }) => ({
      of: taskId,
      calls: new Map(of === taskId ? calls : []).set(`${iteration}.${call_id}`, news),
    }));
  });
  return (span) => {
    if (known.of !== taskId || span.duration_ms !== null || span.error !== null) return undefined;
    return known.calls.get(`${numberOf(span, "heddle.iteration")}.${textOf(span, "gen_ai.tool.call.id")}`);
  };
}

const NOTHING = { of: "", calls: new Map<string, CallProgress>() };

import type { Streams } from "../dispatch/streams/streams.ts";
import { type AnswerViewer, createAnswerViewer } from "./answer-view.ts";
import type { Claim } from "./claim.ts";
import { released } from "./released.ts";

/** A worker that stops does not wait long for a place that hangs. */
const RELEASED_MS = 1_000;

/**
 * Shows the run at its places while it goes, and notes in the claim what they are shown in. Costs nothing if no place shows it.
 */
export async function streamRun<Outcome>(
  { task, turn, hops, display }: Claim,
  streams: Streams | undefined,
  run: (watcher: AnswerViewer | undefined) => Promise<Outcome>,
  stop: AbortSignal,
): Promise<Outcome> {
  if (display === "hidden") return run(undefined);
  const viewer = createAnswerViewer({
    display,
    isData: turn.execution_config.output_schema !== undefined,
    onChange: () => stream?.changed(),
  });
  const stream = streams?.open({ ...task, client_id: turn.client_id, hops: hops + 1 }, viewer.view);
  if (!stream) return run(undefined);
  stream.changed();
  try {
    return await run(viewer);
  } finally {
    // The outcome must not arrive before what was sent last.
    task.streamed = await stream.close(stop.reason === released ? RELEASED_MS : undefined);
  }
}

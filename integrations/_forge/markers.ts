// Hidden markers in what Heddle posts. They are HTML comments, which forges store but do not display. The marker comes
// first, because it would be visible after a code fence that the text leaves open.

const PREFIX = "<!-- heddle:";

/** Marks one part of a delivery, so that a repeated delivery finds what it has already posted. */
export function deliveryMarker(deliveryId: string, part: number): string {
  return `${PREFIX}delivery:${deliveryId}:${part} -->`;
}

/** Marks what a call of a tool posted, so that it is found after a crash. */
export function toolMarker({ task_id, call_id }: { task_id: string; call_id: string }): string {
  return `${PREFIX}task:${task_id}:${call_id} -->`;
}

/** Whether Heddle wrote a text: its own texts must never start a run, whichever login it posts under. */
export function isMarked(body: unknown): boolean {
  return typeof body === "string" && body.startsWith(PREFIX);
}

// Hidden marks in what Heddle posts. They are HTML comments, which GitHub keeps but does not show. The mark stands
// first: after a code fence that the text leaves open, it would be visible.

const PREFIX = "<!-- heddle:";

/** Marks one part of a delivery, so that a repeated delivery finds what it has posted already. */
export function deliveryMarker(deliveryId: string, part: number): string {
  return `${PREFIX}delivery:${deliveryId}:${part} -->`;
}

/** Marks what a tool posted. */
export function toolMarker(taskId: string): string {
  return `${PREFIX}task:${taskId} -->`;
}

/** True for a text that Heddle wrote: its own words must never start a run, whatever login it posts under. */
export function isMarked(body: unknown): boolean {
  return typeof body === "string" && body.startsWith(PREFIX);
}

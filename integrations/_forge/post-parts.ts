import { deliveryMarker } from "./markers.ts";
import { splitText } from "./split-text.ts";

/** What the `ctx` of a dispatcher says about a delivery. */
export interface Delivery {
  delivery_id: string;
  attempt: number;
}

/** A part of a text, known by the marker that its comment begins with. */
export interface MarkedPart {
  marker: string;
}

interface Place<Made> {
  /** The most characters of a comment. */
  limit: number;
  /** Finds comments that an earlier attempt has made, by their markers. */
  find(parts: readonly MarkedPart[]): Promise<Map<string, Made>>;
  create(body: string): Promise<Made>;
}

/**
 * Posts a text as one comment, or as several if it is too long for one. From the second attempt on, parts that an
 * earlier attempt posted are found by their markers and not posted again.
 */
export async function postParts<Made>(
  text: string,
  { delivery_id, attempt }: Delivery,
  { limit, find, create }: Place<Made>,
): Promise<Made[]> {
  const room = limit - deliveryMarker(delivery_id, 99_999).length - 1;
  const parts = splitText(text, room).map((part, index) => {
    const marker = deliveryMarker(delivery_id, index + 1);
    return { marker, body: `${marker}\n${part}` };
  });
  const earlier = attempt > 1 ? await find(parts) : new Map<string, Made>();
  const posted: Made[] = [];
  for (const { marker, body } of parts) posted.push(earlier.get(marker) ?? (await create(body)));
  return posted;
}

// Where a notification goes, and how it looks there.

import { t } from "heddle/sdk";
import { type Notification, OWN_TAG } from "./client.ts";
import { TOPIC } from "./topic.ts";

export const targetConfig = t.Object({
  topic: t.String({ pattern: TOPIC.source, secret: false }),
  priority: t.Optional(t.Number({ minimum: 1, maximum: 5, multipleOf: 1 })),
  tags: t.Optional(t.Array(t.String({ minLength: 1, maxLength: 64 }), { maxItems: 10 })),
  title: t.Optional(t.String({ maxLength: 250 })),
  click: t.Optional(t.String({ maxLength: 2_000 })),
});
export type Target = typeof targetConfig.static;

export type Head = Omit<Notification, "message" | "sequence_id">;

export function head({ topic, priority, tags = [], title, click }: Target, name?: string): Head {
  return {
    topic,
    tags: [OWN_TAG, ...tags],
    ...((title ?? name) !== undefined && { title: title ?? name }),
    ...(priority !== undefined && { priority }),
    ...(click !== undefined && { click }),
  } as Head;
}

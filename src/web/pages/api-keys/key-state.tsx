import { Badge } from "../../parts/status.tsx";
import { useNow } from "../../parts/time.tsx";
import type { ApiKey } from "./queries.ts";

const WEEK_MS = 7 * 86_400_000;

/** Whether a key works, and whether it will for long. */
export function KeyState({ value: { revoked_at, expires_at } }: { value: ApiKey }) {
  const now = useNow();
  const left = expires_at === null ? Number.POSITIVE_INFINITY : Date.parse(expires_at) - now;
  if (revoked_at !== null) return <Badge>Revoked</Badge>;
  if (left <= 0) return <Badge>Expired</Badge>;
  return left < WEEK_MS ? <Badge tone="warn">Ends soon</Badge> : <Badge tone="good">Works</Badge>;
}

import { Badge } from "../../parts/status.tsx";
import type { Policy } from "./queries.ts";

const EFFECTS = {
  allow: ["good", "Allows"],
  deny: ["bad", "Forbids"],
  require_approval: ["warn", "Asks a person"],
} as const;

export function Effect({ value }: { value: Policy["effect"] }) {
  const [tone, words] = EFFECTS[value];
  return <Badge tone={tone}>{words}</Badge>;
}

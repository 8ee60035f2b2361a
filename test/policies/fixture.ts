import { newId } from "../../src/ids.ts";
import { DEFAULT_TERMS, type Policy } from "../../src/policies/policy.ts";

/** A rule that forbids every call, unless told otherwise. */
export const policy = (given: Partial<Policy> = {}): Policy => ({
  id: newId(),
  ...{ name: "A rule", effect: "deny", enabled: true, priority: 100, tools: ["*"], kinds: null },
  ...{ bot_id: null, channel_id: null, integration_id: null, tainted: null, arguments: {} },
  ...{ reason: null, approval: DEFAULT_TERMS, approval_id: null },
  ...{ created_at: new Date(), updated_at: new Date() },
  ...given,
});

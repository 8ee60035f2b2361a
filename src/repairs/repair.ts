// What keeps the server from doing what it should, and what a person can do about it. Nothing is stored: an entry is gone as
// soon as its cause is.

export const REPAIR_KINDS = [
  "integration_quarantined",
  "integration_pending_approval",
  "integration_settings_missing",
  "integration_packages_missing",
  "process_crash_looping",
  "connection_degraded",
  "connection_unauthorized",
  "sign_in_missing",
  "mcp_server_degraded",
  "mcp_server_unauthorized",
  "dead_letters",
  "webhooks_failed",
  "webhooks_refused",
  "memories_unreviewed",
  "schedules_unreviewed",
  "approvals_pending",
  "people_pending",
  "mcp_questions_pending",
  "loop_held",
  "budget_used_up",
  "budget_nearly_used_up",
  "embeddings_failing",
  "no_model",
  "tools_refused",
  "api_key_expiring",
] as const;
export type RepairKind = (typeof REPAIR_KINDS)[number];

export const REPAIR_ACTIONS = [
  "fix_code",
  "approve",
  "set_settings",
  "install_packages",
  "restart_process",
  "check_mcp_server",
  "check_connection",
  "sign_in",
  "sign_in_mcp_server",
  "redeliver",
  "replay",
  "review",
  "review_schedules",
  "decide",
  "decide_about_people",
  "continue_loop",
  "extend_budget",
  "reindex",
  "add_provider",
  "check_provider",
  "renew_key",
] as const;

export interface Repair {
  /** The same as long as the cause is. */
  id: string;
  kind: RepairKind;
  severity: "error" | "warning" | "info";
  /** What is wrong, in a sentence. */
  title: string;
  /** The reason, in the words of what failed. */
  detail: string | null;
  /** What does not work meanwhile. */
  blocks: string;
  since: Date | null;
  /** How many things it is about. */
  count: number;
  integration_id: string | null;
  /** Default: null. */
  mcp_server_id?: string | null;
  /** Default: null. */
  provider_id?: string | null;
  action: (typeof REPAIR_ACTIONS)[number];
  /** The scope that a caller needs to see it. */
  scope: string;
}

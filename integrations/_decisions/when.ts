import type { AskedApproval } from "heddle/sdk";

/** When somebody decided, to put after their name; empty if nobody has. */
export const whenDecided = ({ decided_at }: Pick<AskedApproval, "decided_at">): string =>
  decided_at === null ? "" : `, ${decided_at.slice(0, 16).replace("T", " ")} UTC`;

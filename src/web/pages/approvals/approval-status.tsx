import { Status } from "../../parts/status.tsx";

export const ApprovalStatus = ({ value, compact = false }: { value: string; compact?: boolean }) => (
  <Status value={value === "pending" ? "waiting" : value} compact={compact} />
);

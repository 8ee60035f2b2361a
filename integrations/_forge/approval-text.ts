// What a comment says that asks a person for a decision.

import { type AskedApproval, server } from "heddle/sdk";
import { whenDecided } from "../_decisions/when.ts";

export function question(
  { id, tool, policy, reason, expires_at }: AskedApproval,
  botId: string,
  people: string[],
  { text, commands }: { text: string; commands: { approve: string; deny: string } },
) {
  const until = expires_at.slice(0, 16).replace("T", " ");
  const link = server.baseUrl ? ` or [in Heddle](${server.baseUrl}/approvals/${id})` : "";
  return [
    `**${botId} wants to call \`${tool}\`.** May it?`,
    text,
    [`Policy: ${policy}.`, reason ?? ""].join(" ").trim(),
    `${people.map(mention).join(", ")}: answer until ${until} UTC${link} with a comment that is one of these lines:`,
    `    ${commands.approve} ${id}\n    ${commands.deny} ${id}`,
  ].join("\n\n");
}

export function outcome(approval: AskedApproval, botId: string): string {
  const { tool, status, decided_by } = approval;
  const asked = `**${botId} wanted to call \`${tool}\`.**`;
  if (status === "expired") return `${asked}\n\nNobody decided in time.`;
  if (status === "cancelled") return `${asked}\n\nThe run has ended, so nobody needs to decide.`;
  return `${asked}\n\n${status === "approved" ? "✅ Approved" : "❌ Denied"} by ${decided_by ?? "somebody"}${whenDecided(approval)}.`;
}

const mention = (person: string): string =>
  /^[A-Za-z0-9][A-Za-z0-9-]{0,38}$/.test(person) ? `@${person}` : `user ${person.replace(/[^\w:-]/g, "")}`;

// What the tools of a forge may reach. A bot's answer is posted where the stranger asked, often in public, and its token may read more than that
// place: a stranger must not learn from one repository what is in another.

import type { ToolContext } from "heddle/sdk";

/** Why a run may not look there; undefined: it may. `prefix` is that of the forge's places, "github:". */
export function outOfReach(
  { answers_stranger, client_id }: Pick<ToolContext, "answers_stranger" | "client_id">,
  prefix: string,
  repository: string | undefined,
): string | undefined {
  if (!answers_stranger || !client_id.startsWith(prefix)) return undefined;
  const own = client_id.slice(prefix.length);
  if (repository?.toLowerCase() === own.toLowerCase()) return undefined;
  return `This run answers somebody who is not allowed, so that only ${own} is open to it.`;
}

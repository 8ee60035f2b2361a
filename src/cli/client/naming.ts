// What a person names on the command line and the server does not know: says so with where the ids are found.

import { HeddleError } from "../../errors.ts";

/** Where the ids of each kind are listed. */
const LISTED = {
  approval: "heddle approvals list shows the ids.",
  bot: "The page Bots of the admin UI and GET /api/v1/bots show the ids.",
  channel: "The page Channels of the admin UI and GET /api/v1/channels show the ids.",
  integration: "The page Integrations of the admin UI and GET /api/v1/integrations show the ids.",
  "MCP server": "heddle mcp list shows the ids.",
  provider: "heddle providers list shows the ids.",
  "run or webhook": "The pages Runs and Inbox of the admin UI show the ids.",
  schedule: "heddle schedules list shows the ids.",
  webhook: "The page Inbox of the admin UI and GET /api/v1/inbox show the ids.",
} as const;

const UUIDS: readonly string[] = ["approval", "channel", "run or webhook", "schedule", "webhook"];

type Named = readonly [kind: keyof typeof LISTED, given: string | undefined];

/** `names`: what was named, by the API's field for it; "id" stands for the one in a path. */
export async function naming<Result>(
  names: Readonly<Record<string, Named>>,
  work: Promise<Result>,
): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    throw explained(error, names);
  }
}

function explained(error: unknown, names: Readonly<Record<string, Named>>): unknown {
  if (!(error instanceof HeddleError)) return error;
  const isGone = error.code === "not_found" || error.code === "unknown_bot";
  const [kind, given] = names[error.field ?? (isGone ? "id" : "")] ?? [];
  if (kind === undefined || given === undefined) return error;
  const options = { field: error.field ?? "id", cause: error };
  if (isGone) return new HeddleError(error.code, `There is no ${kind} "${given}". ${LISTED[kind]}`, options);
  if (error.code !== "validation" || !UUIDS.includes(kind)) return error;
  const form = `The ${kind}'s id must be a UUID such as ${EXAMPLE}; got "${given}".`;
  return new HeddleError("validation", `${form} ${LISTED[kind]}`, options);
}

const EXAMPLE = "0198c0de-7b3f-7c1e-9d2a-5f6e7a8b9c0d";

import { t } from "heddle/sdk";
import { channelsOf } from "../members.ts";
import { who } from "./who.ts";

/** Whether everything is shown or only what belongs to channels that the caller has joined. */
export const scopeQuery = {
  scope: t.Optional(t.Union([t.Literal("fleet"), t.Literal("personal")])),
};

/** The channels that are shown; undefined: all, and what belongs to none. */
export const channelsIn = async (
  { scope }: { scope?: "fleet" | "personal" | undefined },
  request: Request,
): Promise<string[] | undefined> => (scope === "personal" ? channelsOf(who(request).id) : undefined);

// What a coding agent wants to do, as people are shown it, and the answer that it understands.

import type {
  PermissionOption,
  RequestPermissionOutcome,
  RequestPermissionRequest,
} from "@agentclientprotocol/sdk";
import type { JsonObject } from "../db/schema.ts";
import { storableJson } from "../db/storable.ts";

export const CANCELLED: RequestPermissionOutcome = { outcome: "cancelled" };

/** In one question. */
export const MOST_SHOWN = 256_000;

/** What people are shown: all of it, since what is left out would be approved unseen. */
export function argumentsOf({
  title,
  locations,
  content,
  rawInput,
}: RequestPermissionRequest["toolCall"]): JsonObject {
  const changes = (content ?? []).flatMap((part) =>
    part.type === "diff" ? [{ path: part.path, old_text: part.oldText ?? "", new_text: part.newText }] : [],
  );
  const said = (content ?? []).flatMap((part) =>
    part.type === "content" ? [part.content.type === "text" ? part.content.text : part.content] : [],
  );
  return storableJson({
    action: title ?? "",
    ...(locations && locations.length > 0 && { paths: locations.map(({ path }) => path) }),
    ...(changes.length > 0 && { changes }),
    ...(said.length > 0 && { content: said }),
    ...(rawInput !== undefined && rawInput !== null && { input: rawInput }),
  } as unknown as JsonObject);
}

/** The agent's own words for it. */
export const titleOf = ({ title }: RequestPermissionRequest["toolCall"], action: string): string =>
  `"${cut(title ?? action, MOST_TITLE)}"`;

const MOST_TITLE = 200;

const cut = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, most).toWellFormed()}…`;

/** The agent's option for this one time, if it offers one: what holds for longer is decided here. */
export function chosen(
  options: PermissionOption[],
  isAllowed: boolean | undefined,
): RequestPermissionOutcome {
  if (isAllowed === undefined) return CANCELLED;
  const wanted = isAllowed ? ["allow_once", "allow_always"] : ["reject_once", "reject_always"];
  const option = wanted.map((kind) => options.find((one) => one.kind === kind)).find(Boolean);
  return option ? { outcome: "selected", optionId: option.optionId } : CANCELLED;
}

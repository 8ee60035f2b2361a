// Whether a session contains text of strangers, which neither a person with a key nor an allowed one wrote. What a bot learns
// from such text could be what a stranger wants it to believe, in every later run.

/** Tools that only return what Heddle, an operator or the conversation itself has written, unless the client has one of that name. */
const HARMLESS = [
  "get_skill",
  "search_tools",
  "get_tool_info",
  "ingest_document",
  "remember",
  "correct_memory",
  "forget_memory",
  "search_memory",
  "search_history",
  "read_conversation_history",
  "create_schedule",
  "list_schedules",
  "delete_schedule",
  "post_heartbeat_to_channel",
];

/** Whether a result holds text from outside: of each tool but these, and of these if they say so. */
export const holdsOutsideText = (tool: { name: string; owner: string }, content: string): boolean =>
  tool.owner !== CORE || !HARMLESS.includes(tool.name) || content.includes(UNTRUSTED_MARK);

/** Of built-in tools. */
const CORE = "core";

/** In the metadata of a stored result that holds text from outside, which the model is shown between marks. */
export const OUTSIDE_KEY = "outside";
export const OUTSIDE = { [OUTSIDE_KEY]: true } as const;

export const isOutside = ({ metadata }: { metadata: Record<string, unknown> }): boolean =>
  metadata[OUTSIDE_KEY] === true;

/** In results of `search_memory`; a stranger who writes the same into a text only taints the run that reads it. */
export const UNTRUSTED_MARK = '"untrusted":true';

/**
 * Begins the dedupe key of a message of a schedule that a bot made, which it did in a conversation without text of strangers, or a
 * person has accepted it. Senders cannot choose how their keys begin.
 */
export const BOT_SCHEDULE = "bot schedule";

/** Begins the dedupe key of what a bot posts in its own conversation, which it knows anyway. */
export const BOT_POST = "post of the bot";

/** Begins the dedupe key of delegated work. Its metadata has `CLEAN` if no stranger wrote anything that it may quote. */
export const DELEGATED = "delegated work";
export const CLEAN = "without_strangers";

/** Whether a message was written by a stranger: a condition on the row with this name. */
export const isStrangers = (
  message: string,
): string => `(${message}.role = 'user' and not ${message}.from_person
  and not starts_with(coalesce(${message}.dedupe_key, ''), '${BOT_SCHEDULE}')
  and not starts_with(coalesce(${message}.dedupe_key, ''), '${BOT_POST}')
  and not (starts_with(coalesce(${message}.dedupe_key, ''), '${DELEGATED}') and ${message}.metadata ->> '${CLEAN}' = 'true'))`;

/** Whether a message holds text from outside: of a stranger, or of what a tool has read. A condition on the row with this name. */
export const holdsOutside = (message: string): string =>
  `(${isStrangers(message)} or (${message}.role = 'tool' and ${message}.metadata ->> '${OUTSIDE_KEY}' = 'true'))`;

/** Whether a stranger wrote the message of a row. */
export function strangersWrote({ from_person, dedupe_key, metadata }: Origin): boolean {
  if (from_person || dedupe_key?.startsWith(BOT_SCHEDULE) || dedupe_key?.startsWith(BOT_POST)) return false;
  return !(dedupe_key?.startsWith(DELEGATED) && metadata[CLEAN] === true);
}

interface Origin {
  from_person: boolean;
  dedupe_key: string | null;
  metadata: Record<string, unknown>;
}

/** A condition on the session with this id, which is SQL. `besides`: a condition on calls that do not count, such as running ones. */
export const isTainted = (session: string, besides = "false"): string => `(
  exists (select 1 from messages seen where seen.session_id = ${session} and (
    ${isStrangers("seen")}
    or (seen.role = 'tool' and (strpos(seen.content, '${UNTRUSTED_MARK}') > 0 or seen.metadata ->> '${OUTSIDE_KEY}' = 'true'))
    or exists (select 1 from attachments where attachments.message_id = seen.id)))
  or exists (select 1 from tool_calls made join tasks maker on maker.id = made.task_id
    where maker.session_id = ${session} and not (${besides})
      and (made.tool_name not in (${HARMLESS.map((name) => `'${name}'`).join(", ")})
        or jsonb_path_exists(maker.execution_config, '$.client_tools[*] ? (@.name == $name)',
          jsonb_build_object('name', made.tool_name)))))`;

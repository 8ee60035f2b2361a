// Whether a session contains text that no person with a key wrote. What a bot learns from such text could be what a stranger wants it
// to believe, in every later run.

/** Tools that only return what Heddle, an operator or the conversation itself has written, unless the client has one of that name. */
const HARMLESS = [
  "get_skill",
  "search_tools",
  "get_tool_info",
  "remember",
  "correct_memory",
  "forget_memory",
  "search_memory",
  "search_history",
  "create_schedule",
  "list_schedules",
  "delete_schedule",
];

/** In results of `search_memory`; a stranger who writes the same into a text only taints the run that reads it. */
export const UNTRUSTED_MARK = '"untrusted":true';

/**
 * Begins the dedupe key of a message of a schedule that a bot made, which it did in a conversation without text of strangers, or a
 * person has accepted it. Senders cannot choose how their keys begin.
 */
export const BOT_SCHEDULE = "bot schedule";

/** A condition on the session with this id, which is SQL. */
export const isTainted = (session: string): string => `(
  exists (select 1 from messages seen where seen.session_id = ${session} and (
    (seen.role = 'user' and not seen.from_person
      and not starts_with(coalesce(seen.dedupe_key, ''), '${BOT_SCHEDULE}'))
    or (seen.role = 'tool' and strpos(seen.content, '${UNTRUSTED_MARK}') > 0)
    or exists (select 1 from attachments where attachments.message_id = seen.id)))
  or exists (select 1 from tool_calls made join tasks maker on maker.id = made.task_id
    where maker.session_id = ${session}
      and (made.tool_name not in (${HARMLESS.map((name) => `'${name}'`).join(", ")})
        or jsonb_path_exists(maker.execution_config, '$.client_tools[*] ? (@.name == $name)',
          jsonb_build_object('name', made.tool_name)))))`;

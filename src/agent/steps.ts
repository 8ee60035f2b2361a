// Stores the steps of a run. Each is one atomic statement in one round trip, fenced by the claim, so that a worker whose task
// was taken over can no longer write.

import { and, eq } from "drizzle-orm";
import { CUT } from "../db/cut-answer.ts";
import type { Database, Queryable } from "../db/database.ts";
import { isUniqueViolation } from "../db/failure.ts";
import { patiently } from "../db/patiently.ts";
import { runText } from "../db/prepared.ts";
import { type ContextReport, tasks } from "../db/schema.ts";
import { storable, storableJson } from "../db/storable.ts";
import { HeddleError } from "../errors.ts";
import { newId } from "../ids.ts";
import type { Continuation, LlmToolCall } from "../llm/llm.ts";
import { readArguments } from "../llm/wire/arguments.ts";
import type { Redact } from "../redact.ts";
import { inMessage, type KeptActions } from "../secrets/kept-actions.ts";
import { OUTSIDE } from "../taint/taint.ts";
import { USED, used } from "./call-record.ts";
import type { ModelCall, ToolOutcome } from "./loop.ts";

/** The claim under which a step is written. */
export interface StepClaim {
  id: string;
  session_id: string;
  correlation_id: string;
  attempt: number;
}

export interface ToolCallsStep {
  iteration: number;
  text: string;
  toolCalls: LlmToolCall[];
  continuation: Continuation | undefined;
  call: ModelCall;
  context: ContextReport | null;
}

export interface ToolResultStep {
  /** The assistant message that asked for the call. */
  messageId: string;
  toolCall: LlmToolCall;
  outcome: ToolOutcome;
}

/** The answer, which is stored together with the end of its task. */
export interface FinalStep {
  messageId: string;
  iteration: number;
  text: string;
  /** The model's output limit cut it. */
  isCut: boolean;
  call: ModelCall;
  context: ContextReport | null;
}

/** The integration that a task is counted for: that of its message, else that of its channel. */
const INTEGRATION = `coalesce(
  substring(owner from '^integration:(.*)$'),
  (select substring(channels.owner from '^integration:(.*)$') from channels where channels.id = tasks.channel_id))`;

/**
 * Runs one statement over `claim`, the row of the task, which exists only while the claim holds. `isSteered`: messages wait
 * that want to be given to the running run.
 */
export async function underClaim(
  db: Database,
  task: StepClaim,
  ctes: string,
  values: unknown[],
): Promise<{ isSteered: boolean }> {
  let tries = 0;
  const rows = await patiently(async () => {
    tries += 1;
    try {
      const result = await db.execute(
        `with claim as (
           select id, session_id, correlation_id, bot_id, schedule_id, ${INTEGRATION} as integration_id from tasks
           where id = $1::uuid and attempt = $2::int and status = 'running' for no key update
         ), ${ctes}
         select id, exists (
           select from tasks behind where behind.session_id = claim.session_id and behind.status = 'pending'
             and behind.attempt = 0 and behind.when_busy = 'steer') as steered
         from claim`,
        [task.id, task.attempt, ...values],
      );
      return result.rows;
    } catch (error) {
      // An earlier attempt succeeded and only its answer was lost: the ids are those of this step.
      if (tries > 1 && isUniqueViolation(error)) return [{ steered: true }];
      throw error;
    }
  });
  if (rows.length === 0) {
    throw new HeddleError("worker_lost", "The task was ended or taken over by another worker.");
  }
  return { isSteered: rows[0]?.steered === true };
}

// JSON is passed as text, because a driver that sees a jsonb parameter would encode the text once more.

/** JSON can write each character as an escape, in which no secret is recognised. */
function redactedJson(text: string, redact: Redact): string {
  if (!text.includes("\\u")) return redact(text);
  const plain = JSON.stringify(readArguments(text).args ?? {});
  return redact(plain) === plain ? redact(text) : redact(plain);
}

/** Stores the tool calls of the model before any of them runs. Returns the id of the assistant message. */
export async function saveToolCalls(
  db: Database,
  task: StepClaim,
  step: ToolCallsStep,
  redact: Redact,
): Promise<string> {
  const messageId = newId();
  const calls = storableJson(step.toolCalls);
  const rows = calls.map((call) => ({
    id: newId(),
    call_id: call.id,
    tool_name: call.name,
    arguments: redactedJson(call.arguments, redact),
  }));
  await underClaim(
    db,
    task,
    `message as (
       insert into messages (id, session_id, role, content, tool_calls, continuation, task_id)
       select $3::uuid, session_id, 'assistant', $4::text, $5::text::jsonb, $9::text::jsonb, id from claim
     ), calls as (
       insert into tool_calls (id, task_id, message_id, call_id, correlation_id, tool_name, arguments, status, iteration)
       select c.id, claim.id, $3::uuid, c.call_id, claim.correlation_id, c.tool_name, c.arguments, 'running', $6::int
       from claim, jsonb_to_recordset($7::text::jsonb) as c(id uuid, call_id text, tool_name text, arguments text)
     ), model as (
       insert into llm_calls (id, task_id, correlation_id, bot_id, integration_id, schedule_id, iteration, ${USED}, context)
       select $8::uuid, id, correlation_id, bot_id, integration_id, schedule_id, $6::int, $10::text, $11::text, $12::int,
         $13::int, $14::int, $15::int, $16::numeric, $17::int, $18::boolean, $19::uuid, $20::text::jsonb from claim
     )`,
    [
      messageId,
      storable(step.text),
      JSON.stringify(calls),
      step.iteration,
      JSON.stringify(rows),
      newId(),
      step.continuation ? JSON.stringify(storableJson(step.continuation)) : null,
      ...used(step.call),
      step.context && JSON.stringify(step.context),
    ],
  );
  return messageId;
}

/** Stores the result of one call. */
export async function saveToolResult(
  db: Database,
  task: StepClaim,
  step: ToolResultStep,
  actions: KeptActions,
): Promise<{ isSteered: boolean }> {
  const { outcome } = step;
  const id = outcome.outside ?? newId();
  // Kept with the message, because a resumed run must still deliver them.
  const kept = actions.keep(outcome.clientActions, inMessage(id));
  const metadata = {
    ...(kept.length > 0 && { client_actions: kept }),
    ...(outcome.outside !== undefined && OUTSIDE),
  };
  const { images = [] } = outcome;
  const attached = images.length > 0 ? `, ${attachedTo("$3", "$11")}` : "";
  return underClaim(
    db,
    task,
    `message as (
       insert into messages (id, session_id, role, content, tool_call_id, task_id, metadata)
       select $3::uuid, session_id, 'tool', $4::text, $5::text, id, $6::text::jsonb from claim
     ), call as (
       update tool_calls set status = $7::text, error = $8::text, duration_ms = $9::int
       from claim where tool_calls.message_id = $10::uuid and tool_calls.call_id = $5::text
     )${attached}`,
    [
      id,
      outcome.content,
      storable(step.toolCall.id),
      JSON.stringify(metadata),
      outcome.error === null ? "done" : "failed",
      outcome.error,
      outcome.durationMs,
      step.messageId,
      ...(images.length > 0 ? [JSON.stringify(images)] : []),
    ],
  );
}

/** Stores the images in the second parameter with the message in the first. */
const attachedTo = (message: string, images: string): string => `attached as (
       insert into attachments (id, message_id, position, kind, name, media_type, bytes, data)
       select (image ->> 'id')::uuid, ${message}::uuid, number::int, 'image', image ->> 'name', image ->> 'media_type',
         (image ->> 'bytes')::int, image ->> 'data'
       from claim, jsonb_array_elements(${images}::text::jsonb) with ordinality as one(image, number)
     )`;

/** Records a model call that gave no answer, or one that is not what it must be. */
export async function saveFailedCall(
  db: Database,
  task: StepClaim,
  {
    iteration,
    call,
    problem,
    context,
  }: { iteration: number; call: ModelCall; problem: string; context: ContextReport | null },
): Promise<void> {
  await underClaim(
    db,
    task,
    `model as (
       insert into llm_calls (id, task_id, correlation_id, bot_id, integration_id, schedule_id, iteration, error, context, ${USED})
       select $3::uuid, id, correlation_id, bot_id, integration_id, schedule_id, $4::int, $5::text, $6::text::jsonb, $7::text,
         $8::text, $9::int, $10::int, $11::int, $12::int, $13::numeric, $14::int, $15::boolean, $16::uuid from claim
     )`,
    [newId(), iteration, storable(problem), context && JSON.stringify(context), ...used(call)],
  );
}

/** Stores the run's warnings. Does nothing if another worker has claimed the task in the meantime. */
export async function saveWarnings(db: Database, task: StepClaim, warnings: string[]): Promise<void> {
  await db.query
    .update(tasks)
    .set({ warnings })
    .where(and(eq(tasks.id, task.id), eq(tasks.attempt, task.attempt), eq(tasks.status, "running")));
}

/** Stores the answer, in the transaction that completes the task (whose own update is the fence). */
export async function saveFinalStep(tx: Queryable, task: StepClaim, step: FinalStep): Promise<void> {
  await runText(tx, FINAL_STEP, [
    task.id,
    step.messageId,
    task.session_id,
    step.text,
    JSON.stringify(step.isCut ? CUT : {}),
    newId(),
    step.iteration,
    ...used(step.call),
    step.context && JSON.stringify(step.context),
  ]);
}

/** One statement, because each costs a round trip, which on the embedded database exceeds its work. */
const FINAL_STEP = `with answered as (
    insert into messages (id, session_id, role, content, task_id, metadata)
    values ($2::uuid, $3::uuid, 'assistant', $4::text, $1::uuid, $5::text::jsonb)
  )
  insert into llm_calls (id, task_id, correlation_id, bot_id, integration_id, schedule_id, iteration, ${USED}, context)
  select $6::uuid, id, correlation_id, bot_id, ${INTEGRATION}, schedule_id, $7::int, $8::text, $9::text, $10::int, $11::int,
    $12::int, $13::int, $14::numeric, $15::int, $16::boolean, $17::uuid, $18::text::jsonb
  from tasks where id = $1::uuid`;

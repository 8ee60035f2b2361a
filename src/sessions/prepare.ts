import { createHash } from "node:crypto";
import type { ReadFile } from "../attachments/attachment.ts";
import type { NewDelivery } from "../dispatch/outbox.ts";
import type { Dispatchers } from "../dispatch/registry.ts";
import { type ConfigSealer, sealWhole } from "../dispatch/seal-config.ts";
import { HeddleError } from "../errors.ts";
import { newId } from "../ids.ts";
import type { Incoming } from "../inbox/incoming.ts";
import { canonical } from "../schema/canonical.ts";
import { outputSchemaProblem } from "../schema/output-schema.ts";
import { checkMessageText } from "../sdk/message-text.ts";
import type { ExecutionConfig, InjectMessage, InjectResult } from "../sdk/types.ts";
import type { Destination } from "./find-destinations.ts";
import type { Sender } from "./inject.ts";
import type { StoredMessage } from "./store.ts";
import type { Target, Targets } from "./targets.ts";

/** A message that has passed all checks, as it will be stored. */
export interface Prepared extends StoredMessage {
  /** The text itself, for the places that it is posted to. */
  posts: NewDelivery[];
  result: InjectResult;
  channelId: string;
  incoming: Incoming | undefined;
  idempotencyKey: string | undefined;
}

export interface Surroundings {
  files: ReadFile[];
  destination: Destination;
  targets: Targets;
  /** Null without an idempotency key. */
  dedupeKey: string | null;
  incoming: Incoming | undefined;
  sender: Sender;
  dispatchers: Pick<Dispatchers, "get">;
  sealer: ConfigSealer;
}

type Message = Omit<InjectMessage, "sessionId">;

/** Returns a sentence for each tool, skill and provider that an execution_config names and that does not exist. */
export type MissingInConfig = (config: {
  tools?: string[];
  skills?: string[];
  model_override?: string | null;
}) => string[];

/**
 * Warns the sender about parts of the message that have no effect. These are not errors: callers may set `runAgent` and
 * `executionConfig` independently, and what is missing now may exist when the run starts.
 */
export function warningsOf(
  { runAgent, executionConfig = {} }: Message,
  missingNames: MissingInConfig,
): Pick<InjectResult, "warnings"> {
  if (Object.keys(executionConfig).length === 0) return {};
  const { tools = [], skills = [], model_override = null } = executionConfig;
  const warnings = runAgent
    ? missingNames({ tools, skills, model_override })
    : ["execution_config has no effect without run_agent: no run is started."];
  return warnings.length > 0 ? { warnings } : {};
}

/** Throws `validation` for an empty content without attachments, an invalid idempotency key or an output_schema that is not one. */
export function checkMessage(message: Message): void {
  const { executionConfig, callbackConfig } = message;
  checkMessageText(message);
  if (callbackConfig?.notify_parent && callbackConfig.parent_session_id === undefined) {
    throw new HeddleError(
      "validation",
      "callback_config.parent_session_id must be the id of a session if notify_parent is true; it is missing.",
      { field: "callback_config.parent_session_id" },
    );
  }
  checkOutputSchema(executionConfig?.output_schema);
}

/** Throws `validation` for what is no schema of an answer. */
export function checkOutputSchema(schema: unknown): void {
  const problem = schema === undefined ? undefined : outputSchemaProblem(schema);
  if (problem) {
    const field = ["execution_config.output_schema", problem.field].filter(Boolean).join(".");
    throw new HeddleError("validation", `${field} ${problem.message}.`, { field });
  }
}

export function prepare(message: Message, around: Surroundings): Prepared {
  const { content, source, idempotencyKey, author } = message;
  const { destination, targets, incoming, sender, dispatchers, sealer } = around;
  const result: InjectResult = {
    message_id: newId(),
    session_id: destination.session_id,
    task_id: message.runAgent ? newId() : null,
    duplicate: false,
  };
  const shared = { session_id: destination.session_id, bot_id: destination.bot_id, correlation_id: newId() };
  return {
    result,
    channelId: destination.channel_id,
    incoming,
    idempotencyKey,
    files: around.files,
    message: {
      id: result.message_id,
      session_id: destination.session_id,
      content,
      source,
      metadata: {
        ...message.metadata,
        ...(author && { author: { id: author.id ?? null, display_name: author.display_name } }),
        ...(message.fromBot && { from_bot: true }),
      },
      from_person: sender.fromPerson,
      hops: sender.hops,
      dedupe_key: around.dedupeKey,
    },
    task: result.task_id
      ? {
          id: result.task_id,
          ...shared,
          channel_id: destination.channel_id,
          message_id: result.message_id,
          owner: sender.owner,
          source,
          dispatch_type: targets.answer.type,
          dispatch_config: sealer.seal(whole(targets.answer), {
            table: "tasks",
            row: result.task_id,
            field: "dispatch_config",
          }),
          mirrors: targets.mirrors.map((target, at) =>
            sealWhole(sealer, whole(target), {
              table: "tasks",
              row: result.task_id ?? "",
              field: `mirrors/${at}`,
            }),
          ),
          execution_config: { ...runOptions(message) },
          callback_config: { ...message.callbackConfig },
          when_busy: message.whenBusy ?? destination.when_busy,
          merge_key: mergeKey(message, around),
          schedule_id: sender.scheduleId ?? null,
          loop_key: sender.fromPerson ? null : targets.answer.conversation(destination.session_id),
        }
      : null,
    posts: targets.posts
      .filter(({ type }) => dispatchers.get(type)?.postMessage !== undefined)
      .map(({ type, config, author: postAuthor, inThread }) => ({
        ...shared,
        task_id: null,
        dispatch_type: type,
        dispatch_config: config,
        payload: {
          kind: "post",
          // The post shows its author or, without one, its source.
          text: postAuthor.username ? content : `[${source}] ${content}`,
          client_actions: [],
          extra_metadata: sender.bot?.extraMetadata ?? {},
          ...(sender.hops > 0 && { hops: sender.hops }),
          ...(author && { author: { ...postAuthor, ...sender.bot?.author } }),
          ...(!inThread && { reply_in_thread: false }),
        },
      })),
  };
}

/** A model may be named in either. */
function runOptions({ executionConfig = {}, callbackConfig }: Message): ExecutionConfig {
  const model = executionConfig.model_override ?? callbackConfig?.model_override;
  return { ...executionConfig, ...(model !== undefined && { model_override: model }) };
}

/**
 * What runs must have in common for one to answer the other's message: sender, rights, options and targets. Otherwise an
 * answer would go to the wrong place, or text from outside would be read as a person's.
 */
function mergeKey(
  { executionConfig = {}, callbackConfig }: Message,
  { targets, sender }: Surroundings,
): string {
  const { answer, mirrors } = targets;
  const common = {
    answer: whole(answer),
    mirrors: mirrors.map(whole),
    sender,
    executionConfig,
    callbackConfig,
  };
  return createHash("sha256").update(canonical(common)).digest("base64url");
}

const whole = ({ type, config }: Target) => ({ ...config, type });

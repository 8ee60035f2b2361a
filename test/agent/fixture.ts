// Database rows for an agent's run, and a model that follows a script.

import { getLogger } from "@logtape/logtape";
import type { ClaimedTask } from "../../src/agent/claimed-task.ts";
import type { Stage } from "../../src/agent/show-run.ts";
import type { Tool } from "../../src/agent/tools/registry.ts";
import { createToolRegistry } from "../../src/agent/tools/registry.ts";
import { type AgentOptions, createAgent } from "../../src/agent/turn.ts";
import { type CapabilitySources, createCapabilities } from "../../src/capabilities/effective-set.ts";
import { createCarapaces } from "../../src/content/carapaces/carapaces.ts";
import { createSkills } from "../../src/content/skills/skills.ts";
import { createTemplates } from "../../src/content/templates/templates.ts";
import type { Database } from "../../src/db/database.ts";
import { bots, channels, messages, sessions, tasks } from "../../src/db/schema.ts";
import { newId } from "../../src/ids.ts";
import type { Llm, LlmEvent, LlmRequest, LlmToolCall } from "../../src/llm/llm.ts";
import { withoutMarks } from "../../src/llm/outside-marks.ts";
import { decide } from "../../src/policies/decide.ts";
import type { Redact } from "../../src/redact.ts";
import type { ExecutionConfig, HookContext, HookEvent } from "../../src/sdk/types.ts";
import { createKeptActions } from "../../src/secrets/kept-actions.ts";
import { testVault } from "../secrets/test-vault.ts";

export const log = getLogger("heddle");

export interface ScriptedLlm extends Llm {
  /** The requests it got, in order, with `messages` as they were at that moment, and results of tools without their marks. */
  readonly requests: LlmRequest[];
  /** The same with the marks. */
  readonly sent: LlmRequest[];
}

/** Results of tools as the tools returned them. */
export const unmarked = (request: LlmRequest): LlmRequest => ({
  ...request,
  messages: request.messages.map((message) =>
    message.role === "tool" ? { ...message, content: withoutMarks(message.content) } : message,
  ),
});

type Reply = string | { text?: string; calls: LlmToolCall[]; isCut?: true } | Error;
export type Script = Reply[] | ((request: LlmRequest) => Reply | Promise<Reply>);

/** Answers with the script's replies in turn; further calls are an error. */
export function scriptedLlm(script: Script): ScriptedLlm {
  const requests: LlmRequest[] = [];
  const sent: LlmRequest[] = [];
  return {
    provider: "scripted",
    requests,
    sent,
    async *stream(marked): AsyncGenerator<LlmEvent> {
      const request = unmarked(marked);
      requests.push(request);
      sent.push({ ...marked, messages: [...marked.messages] });
      const reply = typeof script === "function" ? await script(request) : script[requests.length - 1];
      if (reply === undefined) throw new Error("The script has no more replies.");
      if (reply instanceof Error) throw reply;
      const {
        text = "",
        calls,
        isCut,
      } = typeof reply === "string" ? { text: reply, calls: [], isCut: undefined } : reply;
      if (text) yield { type: "text", text };
      yield {
        type: "done",
        text,
        toolCalls: calls,
        ...(isCut && { isCut }),
        usage: { prompt_tokens: 10, completion_tokens: 2, cached_input_tokens: 6, cache_write_tokens: 3 },
        model: request.model,
        costUsd: 0.0000000123,
        fallbackUsed: false,
        durationMs: 5,
      };
    },
  };
}

export const call = (id: string, name: string, args: unknown = {}): LlmToolCall => ({
  id,
  name,
  arguments: typeof args === "string" ? args : JSON.stringify(args),
});

export function tool(name: string, run: Tool["run"], more: Partial<Tool> = {}): Tool {
  return {
    name,
    description: `The tool ${name}.`,
    parameters: { type: "object", properties: {} },
    run,
    ...more,
  };
}

interface AgentFixtureOptions extends Partial<CapabilitySources> {
  tools?: Tool[];
  /** Tools of integrations, by integration. */
  owned?: Record<string, Tool[]>;
  redact?: Redact;
  /** Milliseconds since 1970. */
  now?: () => number;
  /** Tokens. */
  contextWindow?: number;
  stage?: Stage;
  join?: AgentOptions["join"];
  delegate?: AgentOptions["delegate"];
  decide?: AgentOptions["decide"];
  spending?: AgentOptions["spending"];
}

/** There are no policies. */
export const ALLOW: AgentOptions["decide"] = async (call) => decide([], call, "none");

/** An agent over this database with these tools, and the events that its hooks got. */
export function agentOver(db: Database, llm: Llm, options: AgentFixtureOptions = {}) {
  const registry = createToolRegistry();
  const { tools = [], redact = (text) => text } = options;
  for (const one of tools) registry.add("core", one);
  for (const [owner, own] of Object.entries(options.owned ?? {})) registry.replaceOwner(owner, own);
  const fired: { event: HookEvent; ctx: HookContext; more: unknown }[] = [];
  const agent = createAgent({
    db,
    llm,
    hooks: {
      fire: (event, ctx, more) => void fired.push({ event, ctx: { ...ctx, extra: { ...ctx.extra } }, more }),
    },
    log,
    redact,
    decide: options.decide ?? ALLOW,
    actions: createKeptActions({ redact, vault: testVault() }),
    ...(options.join && { join: options.join }),
    ...(options.stage && { stage: options.stage }),
    ...(options.delegate && { delegate: options.delegate }),
    ...(options.spending && { spending: options.spending }),
    ...(options.now && { now: options.now }),
    settings: {
      defaultModel: "default-model",
      fallbackModels: ["fallback-model"],
      timezone: "Europe/Vienna",
      windowOf: () => options.contextWindow ?? 128_000,
    },
    tools: registry,
    capabilitiesOf: createCapabilities({
      skills: createSkills(),
      carapaces: createCarapaces(),
      templates: createTemplates(),
      activationOf: () => undefined,
      ...options,
    }),
  });
  return { agent, fired };
}

export async function addBot(db: Database, bot: Partial<typeof bots.$inferInsert> = {}): Promise<string> {
  const id = bot.id ?? `bot_${newId()}`;
  await db.query
    .insert(bots)
    .values({ name: id, system_prompt: "You are the bot.", tools: ["*"], ...bot, id });
  return id;
}

export async function addSession(
  db: Database,
  botId: string,
  settings: Partial<typeof channels.$inferInsert> = {},
) {
  const channel = { id: newId(), client_id: `test:${newId()}`, name: "test", ...settings };
  await db.query.insert(channels).values(channel);
  const session = { id: newId(), channel_id: channel.id, client_id: channel.client_id, bot_id: botId };
  await db.query.insert(sessions).values(session);
  return session;
}

type Session = Awaited<ReturnType<typeof addSession>>;

export async function addMessage(
  db: Database,
  session: Session,
  content: string,
  from_person = true,
): Promise<string> {
  const id = newId();
  await db.query
    .insert(messages)
    .values({ id, session_id: session.id, role: "user", content, source: "test", from_person });
  return id;
}

/** Stores a message with a task that a worker has just claimed. */
export async function addTask(
  db: Database,
  session: Session,
  content: string,
  options: {
    execution_config?: ExecutionConfig;
    status?: "running" | "pending";
    attempt?: number;
    /** Whether a person with a key wrote the message. */
    fromPerson?: boolean;
    owner?: string | null;
  } = {},
): Promise<ClaimedTask> {
  const { execution_config = {}, status = "running", attempt = 1 } = options;
  const task = {
    id: newId(),
    session_id: session.id,
    channel_id: session.channel_id,
    bot_id: session.bot_id,
    message_id: await addMessage(db, session, content, options.fromPerson),
    correlation_id: newId(),
    attempt,
    run_at: new Date(),
    dispatch_type: "none",
    dispatch_config: {},
  };
  await db.query.insert(tasks).values({
    ...task,
    status,
    owner: options.owner ?? null,
    execution_config: { ...execution_config },
  });
  return { ...task, owner: options.owner ?? null, client_id: session.client_id, execution_config };
}

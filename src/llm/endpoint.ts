// The models behind one endpoint: a request is made again at once, in another form, when the endpoint refuses its form.

import { setImmediate } from "node:timers/promises";
import { createGrowingText } from "../growing-text.ts";
import type { Logger } from "../log.ts";
import type { Redact } from "../redact.ts";
import { idleTimeout } from "../within.ts";
import { throwIfAborted } from "./abort.ts";
import type { Adapter, Answer, AnswerOptions } from "./adapter.ts";
import { type AttemptEvent, AttemptFailure, type Completion, type FailureKind } from "./attempt.ts";
import { createBoundedFetch, type Fetch } from "./bounded-fetch.ts";
import { readEvents } from "./event-stream.ts";
import { describe } from "./failure.ts";
import type { LlmMessage, LlmRequest, LlmUsage } from "./llm.ts";
import { createKnownQuirks, type KnownQuirks, type Quirks } from "./quirks.ts";
import { createRefusedSchemas, type RefusedSchemas } from "./refused-schemas.ts";
import { factsOf } from "./request-facts.ts";
import { createRepairs, type Repair } from "./request-repairs.ts";
import { createThoughtStarts } from "./thought-starts.ts";
import { asTooLong } from "./too-long.ts";
import { sumOfUsage } from "./usage.ts";
import { withUsualMarks } from "./wire/written/formats.ts";

export interface EndpointOptions {
  /** The id of its provider. */
  provider: string;
  adapter: Adapter;
  /** Default: nothing is known yet. */
  quirks?: KnownQuirks;
  /** Names a model among all providers. Default: as the endpoint names it. */
  originOf?: (model: string) => string;
  /** US dollars; null: not known, which is the default. */
  costOf?: (model: string, usage: LlmUsage) => number | null;
  /** Sends the requests. Default: the platform's. */
  send?: Fetch;
  log: Logger;
  /** Applied to the endpoint's error messages. */
  redact?: Redact;
  /** The longest time in which an endpoint may send nothing. */
  timeoutMs: number;
}

export interface Endpoint extends Required<Pick<EndpointOptions, "provider" | "costOf">> {
  /** Sends one request to a model, which is named as the endpoint names it. */
  attempt(request: LlmRequest, model: string, options?: AttemptChoice): AsyncIterable<AttemptEvent>;
  /** The time until which each failed model is avoided, by the fallback's clock. */
  readonly coolUntil: Map<string, number>;
}

export interface AttemptChoice {
  /** No other model is asked if this one refuses: it may be asked with less. Default: true. */
  isLast?: boolean;
  /** What the model is asked with although it is known to refuse it: its server may have changed. */
  trying?: keyof Quirks;
}

const EVENTS_PER_TURN = 256;
/** How long to wait for usage and the end of the stream after an answer is complete. */
const AFTER_FINISH_MS = 3_000;
/** Failures after which an answer that is complete still counts. */
const AFTER_ITS_END: ReadonlySet<FailureKind> = new Set(["cut", "connection", "server", "garbled"]);

export function createEndpoint(options: EndpointOptions): Endpoint {
  const { provider, adapter, log, redact = (text) => text, timeoutMs, send } = options;
  const { quirks = createKnownQuirks(), originOf = (model) => model, costOf = () => null } = options;
  const thoughtStarts = createThoughtStarts(quirks);
  const schemas = createRefusedSchemas(quirks);
  const endpoint = { adapter, quirks, timeoutMs, hide: redact, log, send, thoughtStarts, schemas };
  return {
    provider,
    costOf,
    coolUntil: new Map(),
    attempt: (request, model, { isLast = true, trying } = {}) =>
      adapting({
        ...endpoint,
        ...(trying && { quirks: { ...quirks, of: (name) => without(trying, quirks.of(name)) } }),
        ...{ request, model, isLast, origin: originOf(model) },
      }),
  };
}

function without(quirk: keyof Quirks, quirks: Quirks): Quirks {
  const { [quirk]: _left, ...others } = quirks;
  return others;
}

interface AttemptOptions {
  adapter: Adapter;
  quirks: KnownQuirks;
  request: LlmRequest;
  model: string;
  origin: string;
  isLast: boolean;
  send: Fetch | undefined;
  timeoutMs: number;
  thoughtStarts: ReturnType<typeof createThoughtStarts>;
  schemas: RefusedSchemas;
  hide: Redact;
  log: Logger;
}

/** Asks again at once, in another form, when the endpoint refuses the form of the request. */
async function* adapting(options: AttemptOptions): AsyncGenerator<AttemptEvent> {
  const { quirks, model, hide, log, adapter, schemas } = options;
  const asked = schemas.allowed(model, options.request);
  let request = asked;
  const repairOf = createRepairs(options);
  /** What the last repair shows, if the endpoint takes the request now. */
  let learned: Repair["quirk"];
  /** The form that is tried. */
  let form: Quirks = {};
  /** By what was asked before and is answered now in another form. */
  let used: LlmUsage | null = null;
  for (;;) {
    const known = quirks.of(model);
    const sentAs = { ...known, ...form };
    try {
      for await (const event of attempt({ ...options, request, sentAs })) {
        // Before the event is passed on, because nobody reads on after the end.
        if (event.type === "done") {
          if (learned) quirks.add(model, { [learned]: true });
          if (adapter.outputSchemaOf(request, sentAs)) schemas.take(model);
          else if (asked.outputSchema && !request.outputSchema) schemas.refuse(model, asked.outputSchema);
          yield { ...event, usage: sumOfUsage(used, event.usage) };
        } else yield event;
      }
      return;
    } catch (error) {
      if (!(error instanceof AttemptFailure)) throw error;
      // Whatever found the failure may have quoted the endpoint.
      error.message = describe(error.message, hide);
      used = sumOfUsage(used, error.usage);
      error.usage = used;
      // Another run may have learned it while this one was asking.
      if (isNews(known, quirks.of(model))) continue;
      const facts = factsOf(request, sentAs, adapter);
      if (!quirks.learn(model, error, facts)) {
        const tooLong = asTooLong(error, request, sentAs);
        if (tooLong) throw Object.assign(tooLong, { usage: used });
        const repair = repairOf(error, request, facts);
        if (!repair) throw error;
        const { without, change, quirk, isForm } = repair;
        [request, learned] = [{ ...request, ...change }, quirk];
        form = isForm && quirk ? { [quirk]: true } : {};
        const told = { model, without, reason: error.message };
        log.warn("Model {model} was asked again without {without}: {reason}", told);
        yield {
          type: "retry",
          model,
          reason: `Asked again without ${without}: ${error.message}`,
          delayMs: 0,
        };
        continue;
      }
      log.warn("Model {model} does not take a part of the request; it is left out from now on: {reason}", {
        model,
        reason: error.message,
      });
    }
  }
}

const isNews = (before: Quirks, now: Quirks): boolean => JSON.stringify(before) !== JSON.stringify(now);

const isIn = (message: LlmMessage, text: string): boolean =>
  withUsualMarks(message.content).includes(text) ||
  (message.role === "user" &&
    (message.attachments ?? []).some((file) => file.kind === "text" && file.text.includes(text)));

async function* attempt(options: AttemptOptions & { sentAs: Quirks }): AsyncGenerator<AttemptEvent> {
  const { adapter, request, model, origin, timeoutMs, hide } = options;
  throwIfAborted(request.signal);
  const stall = idleTimeout(timeoutMs);
  const ending = idleTimeout(Math.min(AFTER_FINISH_MS, timeoutMs));
  stall.restart();
  const offered = request.mustAnswer ? [] : request.tools.map(({ name }) => name);
  const reading: AnswerOptions = {
    origin,
    offered: new Set(offered),
    tools: knownTools(request),
    startsInThought: options.thoughtStarts.of(model),
    isRepeated: (text) =>
      request.messages.some((message) => message.role !== "assistant" && isIn(message, text)),
  };
  const answer = adapter.createAnswer(reading);
  /** What was read and written is paid for, whatever became of the answer. */
  const using = (failure: AttemptFailure): AttemptFailure => {
    failure.usage = answer.usage();
    return failure;
  };
  let events = 0;
  const shown = createGrowingText();
  // Bytes count as life, and not only events: a local model that reads a long prompt sends comments.
  const onBytes = () => (answer.isFinished() ? undefined : stall.restart());
  try {
    const signal = AbortSignal.any([request.signal, stall.signal, ending.signal]);
    const response = await adapter.open(request, {
      model,
      origin,
      quirks: options.sentAs,
      signal,
      fetch: createBoundedFetch({ onBytes, ...(options.send && { send: options.send }) }),
    });
    for await (const together of response.body ? readEvents(response.body, { signal, hide }) : []) {
      const { text, error } = added(answer, together);
      if (text !== "") {
        shown.add(text);
        yield { type: "text", text };
      }
      if (error) throw error;
      if (answer.isFinished()) {
        stall.stop();
        ending.restart();
      }
      // Buffered events are delivered without yielding to the event loop, so yield to other work now and then.
      const turn = Math.floor(events / EVENTS_PER_TURN);
      events += together.length;
      if (Math.floor(events / EVENTS_PER_TURN) > turn) await setImmediate();
    }
  } catch (error) {
    throwIfAborted(request.signal);
    // Once `ending` is over, the answer is complete, and the rest of its stream is not worth waiting for.
    if (!ending.signal.aborted) {
      if (stall.signal.aborted) throw using(stalled(timeoutMs));
      const failure =
        error instanceof AttemptFailure ? error : adapter.toFailure(error, { hide, now: Date.now() });
      const called = calledIn(failure, adapter, reading);
      if (called) {
        yield { type: "done", ...called };
        return;
      }
      if (!answer.isFinished() || !AFTER_ITS_END.has(failure.kind)) throw using(failure);
    }
  } finally {
    stall.stop();
    ending.stop();
  }
  // Reading ends without an error when it is aborted.
  throwIfAborted(request.signal);
  if (stall.signal.aborted) throw using(stalled(timeoutMs));
  if (events === 0) throw new AttemptFailure("cut", "the endpoint answered with nothing");
  const whole = finished();
  const before = shown.toString();
  const rest = whole.text.startsWith(before) ? whole.text.slice(before.length) : "";
  if (rest !== "") yield { type: "text", text: rest };
  options.thoughtStarts.learn(model, answer.startedInThought?.());
  yield { type: "done", ...whole };

  function finished(): Completion {
    try {
      return answer.finish();
    } catch (error) {
      throw error instanceof AttemptFailure ? using(error) : error;
    }
  }
}

/** The calls in what a model wrote and its endpoint could not read, if Heddle can: asked again, the model mostly writes the same. */
function calledIn(
  { written }: AttemptFailure,
  adapter: Adapter,
  options: AnswerOptions,
): Completion | undefined {
  if (written === undefined) return undefined;
  const answer = adapter.createAnswer(options);
  try {
    answer.add({ choices: [{ index: 0, delta: { content: written }, finish_reason: "stop" }] });
    const completion = answer.finish();
    return completion.toolCalls.length > 0 ? completion : undefined;
  } catch (error) {
    if (error instanceof AttemptFailure) return undefined;
    throw error;
  }
}

/** Adds what came together; what may be shown of it comes before a failure. */
function added(answer: Answer, events: unknown[]): { text: string; error?: unknown } {
  const texts: string[] = [];
  try {
    for (const event of events) texts.push(answer.add(event));
  } catch (error) {
    return { text: texts.join(""), error };
  }
  return { text: texts.join("") };
}

/** Those of the request; without any, those that the conversation has used. */
function knownTools({ tools, messages }: LlmRequest): Map<string, Record<string, unknown>> {
  if (tools.length > 0) return new Map(tools.map(({ name, parameters }) => [name, parameters]));
  const used = messages.flatMap((message) =>
    message.role === "assistant" ? (message.tool_calls ?? []) : [],
  );
  return new Map(used.map(({ name }) => [name, {}]));
}

function stalled(timeoutMs: number): AttemptFailure {
  return new AttemptFailure("timeout", `nothing was received for ${Math.round(timeoutMs / 1000)} s`);
}

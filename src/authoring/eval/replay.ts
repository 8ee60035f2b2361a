// Stands between a server and the world while it runs a fixture: tools answer what was recorded, nothing is delivered, and what
// the model is asked and says is noted.

import { estimate, estimateTools } from "../../agent/context/budget.ts";
import {
  compileTool,
  DELEGATE,
  type RegisteredTool,
  type Tool,
  type ToolRegistry,
} from "../../agent/tools/registry.ts";
import { HeddleError } from "../../errors.ts";
import type { Llm, LlmEvent, LlmUsage } from "../../llm/llm.ts";
import { NoAnswer } from "../../llm/no-answer.ts";
import { canonical } from "../../schema/canonical.ts";
import type { JsonObject } from "../../sdk/types.ts";
import type { Instruments } from "../dev/instruments.ts";
import type { Outcome } from "./expectations.ts";
import type { Fixture } from "./fixture-file.ts";

/** A reservation counts for a minute after it was renewed. */
const RENEW_MS = 20_000;
const NOT_RECORDED = "This call is not recorded in the fixture, and no tool reaches out while it runs.";

export type Noted = Pick<Outcome, "calls" | "modelCalls" | "tokens" | "costUsd" | "model">;

export interface Replay {
  instruments: Instruments;
  /** The model answers this to the next message: an earlier turn is told again. Null: the model itself answers. */
  answerWith(text: string | null): void;
  /** Begins to note what a run of the fixture does. */
  begin(fixture: Fixture): void;
  noted(): Noted;
}

/** Where the calls of a real model are paid for: within the budgets of the running server. */
export interface Payer {
  /** Throws `usage_limit_exceeded`. */
  begin(call: PaidCall & { tokens: number }): Promise<string>;
  /** Says that the call is still being made. */
  renew(id: string): Promise<void>;
  end(id: string, call: PaidCall & { provider: string; used: PaidUse | null }): Promise<void>;
}

interface PaidCall {
  fixture_bot: string;
  model: string;
}

interface PaidUse {
  prompt_tokens: number;
  completion_tokens: number;
  cost_usd: number | null;
  seconds: number;
}

/** `llm`: a scripted model. Undefined: the configured one. `payer`: undefined if nothing limits it. */
export function createReplay(llm: Llm | undefined, payer?: Payer): Replay {
  let earlier: string | null = null;
  let fixture: Fixture | undefined;
  let unused: NonNullable<Fixture["recorded"]> = [];
  /** Tools that the fixture describes, for those that this server does not have. */
  let described: RegisteredTool[] = [];
  let noted: Noted = { calls: [], modelCalls: 0, tokens: 0, costUsd: 0 };

  function note({ toolCalls, usage, costUsd, model }: Extract<LlmEvent, { type: "done" }>): void {
    noted.modelCalls += 1;
    noted.model = model;
    noted.tokens += (usage?.prompt_tokens ?? 0) + (usage?.completion_tokens ?? 0);
    // A script costs nothing, and passes what is expected of a real model's cost.
    const cost = llm ? 0 : (costUsd ?? null);
    noted.costUsd = noted.costUsd === null || cost === null ? null : noted.costUsd + cost;
    for (const call of toolCalls) noted.calls.push({ tool: call.name, arguments: jsonOr(call.arguments) });
  }

  /** The recorded call with these arguments, else the next one of the tool. */
  function resultOf(tool: string, args: JsonObject): string | undefined {
    const given = canonical(args);
    const same = unused.find((one) => one.tool === tool && canonical(one.arguments) === given);
    const found = same ?? unused.find((one) => one.tool === tool);
    if (found) unused = unused.filter((one) => one !== found);
    return (found ?? fixture?.recorded?.findLast((one) => one.tool === tool))?.result;
  }

  const replayed = <One extends Tool>(tool: One): One => ({
    ...tool,
    reconcile: undefined,
    run: async (args: JsonObject, ...rest: unknown[]) => {
      const result = resultOf(tool.name, args);
      if (result !== undefined) return result;
      // Heddle's own tools work on the copy; those that reach out would not.
      if (tool.type === "builtin" && tool.annotations?.egress !== true) {
        return (tool.run as (...all: unknown[]) => unknown)(args, ...rest);
      }
      return { error: NOT_RECORDED };
    },
  });

  return {
    instruments: {
      llm: (real) => {
        const model = llm ?? (payer ? paidBy(payer, real, () => fixture?.bot ?? "") : real);
        return {
          ...model,
          provider: model.provider,
          async *stream(request): AsyncGenerator<LlmEvent> {
            if (earlier !== null) {
              yield told(earlier);
              return;
            }
            for await (const event of model.stream(request)) {
              if (event.type === "done") note(event);
              yield event;
            }
          },
        };
      },
      dispatchers: (real) => ({ ...real, get: (type) => real.get(type === "internal" ? type : "none") }),
      fetch: (real) => real,
      // What the other bot would do is not recorded, so that it does nothing.
      delegate:
        () =>
        async ({ to, prompt }) => {
          const result = resultOf(DELEGATE, { bot_id: to, prompt });
          if (result === undefined) throw new HeddleError("conflict", NOT_RECORDED);
          return result;
        },
      tools: (real): Pick<ToolRegistry, "get" | "list"> => {
        return {
          get(name) {
            const found = real.get(name) ?? described.find((one) => one.name === name);
            return found && replayed(found);
          },
          list: () => {
            const others = described.filter(({ name }) => !real.get(name));
            return [...real.list(), ...others].map(replayed).sort((a, b) => (a.name < b.name ? -1 : 1));
          },
        };
      },
    },
    answerWith(text) {
      earlier = text;
    },
    begin(next) {
      fixture = next;
      described = (next.tools ?? []).map((tool) => compileTool("fixture", { ...tool, run: () => "" }));
      unused = [...(next.recorded ?? [])];
      noted = { calls: [], modelCalls: 0, tokens: 0, costUsd: 0 };
    },
    noted: () => noted,
  };
}

const paidBy = (payer: Payer, llm: Llm, bot: () => string): Llm => ({
  ...llm,
  provider: llm.provider,
  async *stream(request): AsyncGenerator<LlmEvent> {
    const call = { fixture_bot: bot(), model: request.model };
    const tokens = estimate(request.messages) + estimateTools(request.tools);
    const id = await payer.begin({ ...call, tokens });
    // One that fails is followed by another.
    const renewing = setInterval(() => void payer.renew(id).catch(() => undefined), RENEW_MS);
    let end: Parameters<Payer["end"]>[1] = { ...call, provider: llm.provider, used: null };
    try {
      for await (const event of llm.stream(request)) {
        if (event.type === "done") end = { ...end, ...endOf(event, llm.provider) };
        yield event;
      }
    } catch (error) {
      // What was read for nothing is paid for as well.
      if (error instanceof NoAnswer) {
        const { durationMs, spent } = error;
        if (spent.usage) end = { ...end, used: useOf(spent.usage, spent.costUsd, durationMs) };
      }
      throw error;
    } finally {
      clearInterval(renewing);
      await payer.end(id, end);
    }
  },
});

const endOf = (
  { model, provider, usage, costUsd = null, durationMs }: Extract<LlmEvent, { type: "done" }>,
  usual: string,
) => ({ model, provider: provider ?? usual, used: useOf(usage, costUsd, durationMs) });

const useOf = (usage: LlmUsage | null, cost_usd: number | null, durationMs: number): PaidUse => ({
  prompt_tokens: usage?.prompt_tokens ?? 0,
  completion_tokens: usage?.completion_tokens ?? 0,
  cost_usd,
  seconds: durationMs / 1000,
});

const told = (text: string): LlmEvent => ({
  type: "done",
  text,
  toolCalls: [],
  usage: null,
  model: "recorded",
  fallbackUsed: false,
  durationMs: 0,
});

function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

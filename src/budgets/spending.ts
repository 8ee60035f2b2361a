// Lets a run spend only what its budgets allow: before each call of a model it reserves what the call may use. What the call
// has used is settled by the statement that records it, through a trigger on llm_calls.

import { newId } from "../ids.ts";
import type { Llm, LlmEvent, LlmRequest } from "../llm/llm.ts";
import { NoAnswer } from "../llm/no-answer.ts";
import type { BudgetRow } from "./budgets.ts";
import type { Largest } from "./largest.ts";
import type { Ended, Reserve, Wanted } from "./reserve.ts";

/** What a run is counted for, and the claim under which it spends. */
export interface SpendingRun {
  id: string;
  attempt: number;
  /** Null: not a run of a bot. */
  bot_id: string | null;
  schedule_id: string | null;
  integration_id: string | null;
}

export interface SpendingOptions {
  reserve: Reserve;
  /** The budgets that apply to the run now. They are kept in memory. */
  applying(run: SpendingRun): BudgetRow[];
  largest: Largest;
  /** Estimates the tokens of a request. */
  estimate(request: LlmRequest): number;
  /** Milliseconds, monotonic. */
  clock: () => number;
}

/** Returns the model of a run: one that spends within its budgets. Without a budget nothing is added to a call. */
export function createSpending(options: SpendingOptions) {
  return (run: SpendingRun, llm: Llm): Llm => {
    const spender = createSpender(options, run);
    return {
      get provider() {
        return llm.provider;
      },
      ...(llm.firstModel && { firstModel: llm.firstModel.bind(llm) }),
      stream(request) {
        const budgets = options.applying(run);
        return budgets.length === 0 ? llm.stream(request) : spender.stream(llm, request, budgets);
      },
    };
  };
}

function createSpender({ reserve, largest, estimate, clock }: SpendingOptions, run: SpendingRun) {
  const ended: Ended[] = [];
  /** Up to here the run's time is counted. */
  let countedUntil = clock();

  function wantedOf(budgets: BudgetRow[], request: LlmRequest): Wanted[] {
    const expected = largest.expected(request.model, estimate(request));
    const spent = Math.max(0, (clock() - countedUntil) / 1000);
    return budgets.map((budget) => ({
      budget,
      amount: amountOf(budget, expected),
      spent: budget.metric === "seconds" ? spent : 0,
    }));
  }

  return {
    async *stream(llm: Llm, request: LlmRequest, budgets: BudgetRow[]): AsyncGenerator<LlmEvent> {
      const id = newId();
      await reserve({
        ...{ id, run, ended, signal: request.signal },
        wanted: () => wantedOf(budgets, request),
      });
      const begun = clock();
      let isAnswered = false;
      let isRecorded = false;
      try {
        for await (const event of llm.stream(request)) {
          if (event.type !== "done") {
            yield event;
            continue;
          }
          isAnswered = true;
          const use = useOf(event);
          largest.add(request.model, use);
          ended.push({ id, cost_usd: use.cost, tokens: use.tokens, seconds: use.seconds, failed: false });
          // The call's own time is settled with it.
          countedUntil = clock();
          yield { ...event, reservationId: id };
        }
      } catch (error) {
        if (error instanceof NoAnswer) {
          error.reservationId = id;
          isRecorded = true;
        }
        throw error;
      } finally {
        if (!isAnswered) {
          ended.push({ id, failed: true });
          // What is recorded is settled there, with its time.
          countedUntil = isRecorded ? clock() : begun;
        }
      }
    },
  };
}

function useOf({ usage, costUsd, durationMs }: Extract<LlmEvent, { type: "done" }>) {
  const completion = usage?.completion_tokens ?? 0;
  return {
    tokens: (usage?.prompt_tokens ?? 0) + completion,
    completion,
    cost: costUsd ?? 0,
    seconds: durationMs / 1000,
  };
}

/** What a call may use; null: nobody knows yet. */
export function amountOf({ metric }: BudgetRow, expected: ReturnType<Largest["expected"]>): number | null {
  switch (metric) {
    case "model_calls":
      return 1;
    case "runs":
      return 0;
    case "cost_usd":
      return expected?.cost ?? null;
    case "tokens":
      return expected?.tokens ?? null;
    case "seconds":
      return expected?.seconds ?? null;
  }
}

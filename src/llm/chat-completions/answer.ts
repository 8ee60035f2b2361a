// Assembles the chunks of a streamed chat completion, in the dialects of many endpoints, and judges how it ended.

import { createGrowingText } from "../../growing-text.ts";
import type { Answer, AnswerOptions } from "../adapter.ts";
import { AttemptFailure } from "../attempt.ts";
import { reportedFailure } from "../failure.ts";
import { type Fields, isObject, textOf } from "../fields.ts";
import { jsonIn } from "../json.ts";
import { createLimits } from "../limits.ts";
import type { LlmUsage } from "../llm.ts";
import { createSaid } from "../said.ts";
import { laterUsage } from "../usage.ts";
import { isKnownEnd, laterFinish, readFinish } from "../wire/finish-reason.ts";
import { readAnswer } from "../wire/read-answer.ts";
import { createShown } from "../wire/shown.ts";
import { startsInThought } from "../wire/thoughts.ts";
import { callsBehind, choicesIn, deltaOf, isMessage, piecesOf, readText, usageIn } from "./chunk.ts";
import { createReasoning } from "./reasoning.ts";
import { createToolCalls } from "./tool-calls.ts";

const NO_CHOICE = "the answer has no choices";

export function createAnswer(options: AnswerOptions): Answer {
  const { origin } = options;
  const texts = createGrowingText();
  const calls = createToolCalls(origin, options.offered);
  const reasoning = createReasoning();
  let usage: LlmUsage | null = null;
  let finish = "";
  /** A reason that nobody knows came behind the answer, and not with each of its chunks. */
  let isOddEnd = false;
  /** A whole message came, and not its pieces. */
  let isWhole = false;
  let hasChoice = false;
  let hasNoChoice = false;
  const said = createSaid();
  const limits = createLimits();
  let first: number | undefined;
  /** Whether it belongs to the answer that began first. */
  const isFirst = ({ index }: Fields): boolean => {
    if (typeof index !== "number") return true;
    first ??= index;
    return index <= first;
  };
  let hasReasoning = false;
  const show = createShown(options, () => hasReasoning);

  return {
    isFinished: () => isKnownEnd(finish) || isOddEnd,
    usage: () => usage,
    startedInThought: () => (hasReasoning ? undefined : startsInThought(texts.toString())),

    add(given) {
      const chunk = unquoted(given);
      if (!isObject(chunk)) return "";
      usage = laterUsage(usage, usageIn(chunk));
      const choices = choicesIn(chunk);
      complainAbout(chunk, choices !== undefined);
      if (!choices) {
        said.add(chunk);
        return "";
      }
      hasNoChoice ||= choices.length === 0;
      // Of several answers the first, which Copilot divides into a text and its calls.
      const [choice, ...others] = choices.filter((one) => isObject(one)).filter(isFirst);
      if (!choice) {
        said.add(chunk);
        return "";
      }
      hasChoice = true;
      failIn(choice);
      const before = finish;
      finish = laterFinish(
        finish,
        readFinish(choice.finish_reason ?? choice.finishReason ?? chunk.finish_reason),
      );
      const hasBegun = texts.length > 0 || calls.count() > 0;
      isWhole ||= !hasBegun && isMessage(choice);
      const delta = deltaOf(choice, hasBegun);
      const pieces = [delta, ...others.map((other) => deltaOf(other, hasBegun))].flatMap(piecesOf);
      const hasCalls = calls.count() > 0 || pieces.length > 0;
      for (const piece of hasCalls ? pieces : callsBehind(choice)) {
        limits.count(calls.add(piece));
        limits.calls(calls.count());
      }
      const thought = reasoning.add(delta);
      hasReasoning ||= thought > 0;
      limits.count(thought);
      const text = readText(delta.content) || readText(delta.refusal) || readText(delta.text);
      const isBare = text === "" && thought === 0 && piecesOf(delta).length === 0;
      isOddEnd = isBare && (isOddEnd || (hasBegun && before === "" && finish !== ""));
      if (text !== "") texts.add(text);
      limits.text(text);
      return show(text);
    },

    finish() {
      if (finish === "") said.throwIfAny();
      if (!hasChoice)
        throw new AttemptFailure("garbled", hasNoChoice ? NO_CHOICE : "the answer is not a chat completion");
      if (finish === "" && !isWhole) throw new AttemptFailure("cut", "the answer ended early");
      const { text, toolCalls, isCut } = readAnswer(
        {
          finish: finish || "stop",
          text: texts.toString(),
          calls: calls.finish(),
          hasThoughts: hasReasoning,
        },
        options,
      );
      const fields = reasoning.fields();
      const isWanted = toolCalls.length > 0 && Object.keys(fields).length > 0;
      return { text, toolCalls, usage, isCut, ...(isWanted && { continuation: { model: origin, fields } }) };
    },
  };
}

/** Some proxies send a chunk as a text. */
function unquoted(value: unknown): unknown {
  if (typeof value !== "string" || !value.startsWith("{")) return value;
  return jsonIn(value) ?? value;
}

/** OpenRouter and Vercel say within the choice what the endpoint behind them failed with. */
function failIn({ error }: Fields): void {
  if (isObject(error) && textOf(error.message).trim() !== "") throw reportedFailure(error);
}

/** The own forms of MiniMax and Groq; what others say counts only if there is no answer, because it may be a ping. */
function complainAbout({ base_resp: base, x_groq: groq }: Fields, hasChoices: boolean): void {
  const isBad = !hasChoices && isObject(base) && base.status_code !== 0;
  const words = (isBad && base.status_msg) || (isObject(groq) && groq.error);
  if (words) throw reportedFailure({ message: `the endpoint says: ${words}` });
}

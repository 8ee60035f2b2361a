// How much of a run's text a client has been shown, whether it came live or from what is stored.

import type { LiveRun } from "../events/live.ts";
import type { ChatEvent } from "./chat-event.ts";

export interface ShownText {
  readonly part: string;
  readonly offset: number;
  /** Shows what a run has written, up to `length` of its text. The calls of `tool_progress` have the names of `modelCall`. */
  live(run: LiveRun, length: number): ChatEvent[];
  /** Shows the rest of a text that is complete now. */
  complete(text: string): ChatEvent[];
  /** What follows is the text of a later iteration. */
  finish(iteration: number): void;
  isFinished(iteration: number): boolean;
  /** The run begins anew after the loss of its worker. */
  attempt(number: number): ChatEvent[];
  /** Another run answers. */
  otherRun(): void;
}

const FINISHED = ".done";

/** Continues at this offset of this part. */
export function createShownText(givenPart: string, givenOffset: number): ShownText {
  let part = givenPart;
  let offset = givenOffset;
  /** The text itself; null while only its length is known. */
  let sent: string | null = givenOffset > 0 ? null : "";
  const [givenAttempt, givenIteration] = numbersIn(givenPart);
  let attempt = givenAttempt;
  /** The last iteration whose text is complete. */
  let finished = givenPart.endsWith(FINISHED) ? givenIteration : 0;
  let notes: number | undefined = givenPart === "" ? 0 : undefined;

  const begin = (next: string) => {
    part = next;
    offset = 0;
    sent = "";
  };
  const reset = (reason: string): ChatEvent[] => {
    const isShown = offset > 0;
    begin(part);
    return isShown ? [{ type: "text_reset", reason }] : [];
  };
  const show = (text: string): ChatEvent[] => {
    if (text === "") return [];
    offset += text.length;
    sent = (sent ?? "") + text;
    return [{ type: "text_delta", text }];
  };

  return {
    get part() {
      return part;
    },
    get offset() {
      return offset;
    },
    live(run, length) {
      const told: ChatEvent[] = [];
      notes ??= run.noteCount;
      const fresh = run.noteCount - notes;
      notes = run.noteCount;
      if (fresh > 0) told.push(...run.notes.slice(-fresh).flatMap(noteEvent));
      const [of, at] = numbersIn(run.part);
      if (of < attempt || (of === attempt && at <= finished)) return told;
      attempt = of;
      if (run.part !== part) {
        told.push(...reset("The model was asked again."));
        begin(run.part);
      }
      sent ??= run.text.slice(0, offset);
      // Half a character would be shown as none.
      const end = isHighSurrogate(run.text.slice(length - 1, length).charCodeAt(0)) ? length - 1 : length;
      return end > offset ? [...told, ...show(run.text.slice(offset, end))] : told;
    },
    complete(text) {
      const isSame = sent === null ? text.length >= offset : text.startsWith(sent);
      const told = isSame ? [] : reset("The answer reads otherwise.");
      return [...told, ...show(text.slice(offset))];
    },
    finish(iteration) {
      finished = iteration;
      begin(`${attempt}.${iteration}${FINISHED}`);
    },
    isFinished: (iteration) => iteration <= finished,
    attempt(number) {
      if (number <= attempt) return [];
      attempt = number;
      const told = reset("The run continues after an interruption.");
      begin("");
      return told;
    },
    otherRun() {
      begin("");
      [attempt, finished, notes] = [0, 0, undefined];
    },
  };
}

/** Names a call of a run as its model does, whose ids are unique within one answer only. */
export const modelCall = (iteration: unknown, callId: unknown): string => `${iteration}.${callId}`;

function noteEvent({ type, data }: LiveRun["notes"][number]): ChatEvent[] {
  if (type === "turn.retry") {
    const { reason, model, delay_ms } = data;
    return [{ type: "llm_retry", reason: String(reason), model: String(model), delay_ms: Number(delay_ms) }];
  }
  if (type === "turn.model_answer" && data.fallback_used === true) {
    return [{ type: "llm_fallback", model: String(data.model) }];
  }
  if (type === "tool.progress") {
    const { iteration, call_id, tool, message, fraction } = data;
    return [
      {
        type: "tool_progress",
        tool: String(tool),
        call_id: modelCall(iteration, call_id),
        message: String(message),
        fraction: typeof fraction === "number" ? fraction : null,
      },
    ];
  }
  return [];
}

/** The claim and the iteration in a part's name. */
function numbersIn(part: string): [number, number] {
  const [attempt = 0, iteration = 0] = part === "" ? [] : part.split(".").map(Number);
  return [attempt, iteration];
}

const isHighSurrogate = (code: number): boolean => code >= 0xd800 && code <= 0xdbff;

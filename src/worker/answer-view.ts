// The answer of a run as somebody reads it who watches its place: the text so far, and what its tools do.

import type { LoopEvent } from "../agent/loop.ts";
import type { CallProgress, ShownRun } from "../agent/show-run.ts";
import type { AnswerView } from "../dispatch/streams/streams.ts";

export interface AnswerViewer extends Pick<ShownRun, "show" | "progress"> {
  view(): AnswerView;
}

export interface AnswerViewerOptions {
  /** Whether what was written before tools were called stays above what is written after them. */
  display: AnswerView["display"];
  /** The answer is data, of which a part means nothing. */
  isData: boolean;
  onChange(): void;
}

type ViewedTool = AnswerView["tools"][number] & { key: string };

const MOST_TOOLS = 100;
/** More than any place shows of an answer that is not finished. */
const MOST_EARLIER = 20_000;

export function createAnswerViewer({ display, isData, onChange }: AnswerViewerOptions): AnswerViewer {
  /** What earlier iterations wrote. */
  let earlier = "";
  let text = "";
  /** The iteration that wrote it. */
  let writtenIn = 0;
  let state: AnswerView["state"] = "started";
  let tools: ViewedTool[] = [];

  function setTool(key: string, name: string, change: Partial<ViewedTool>): void {
    const known = tools.find((tool) => tool.key === key);
    if (known) Object.assign(known, change);
    else tools = [...tools.slice(1 - MOST_TOOLS), { key, name, status: "running", ...change }];
  }

  function take(event: LoopEvent): void {
    const { iteration } = event;
    switch (event.type) {
      case "model_call":
        state = "thinking";
        return;
      case "text":
        if (isData) return;
        // What was written before tools were called stays readable until there is more.
        if (writtenIn !== iteration) {
          if (display === "append") earlier = joined(earlier, text).slice(-MOST_EARLIER).toWellFormed();
          text = "";
        }
        writtenIn = iteration;
        text += event.text;
        state = "writing";
        return;
      case "model_retry":
      case "rejected_answer":
        if (writtenIn === iteration) text = "";
        state = "thinking";
        return;
      case "tool_calls":
        for (const { id, name } of event.toolCalls) setTool(keyOf(iteration, id), name, {});
        state = "tool";
        return;
      case "tool_result":
        setTool(keyOf(iteration, event.toolCall.id), event.toolCall.name, {
          status: event.outcome.error === null ? "done" : "failed",
        });
        return;
      default:
        return;
    }
  }

  return {
    view: () => ({
      text: joined(earlier, text),
      state,
      display,
      tools: tools.map(({ key: _key, ...tool }) => tool),
    }),
    show(event) {
      take(event);
      onChange();
    },
    progress({ iteration, call, message }: CallProgress) {
      setTool(keyOf(iteration, call.id), call.name, { progress: message });
      onChange();
    },
  };
}

const joined = (earlier: string, text: string): string =>
  earlier === "" || text.trim() === "" ? earlier + text : `${earlier.trimEnd()}\n\n${text}`;

/** Ids of calls are unique within one answer of the model only. */
const keyOf = (iteration: number, callId: string): string => `${iteration}.${callId}`;

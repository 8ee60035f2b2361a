// A run in progress, as far as its events have described it.

export interface ToolPiece {
  kind: "tool";
  callId: string;
  tool: string;
  /** What the model wrote: an object, or a text that is not JSON. */
  args: unknown;
  status: "running" | "done" | "failed";
  durationMs: number | null;
  error: string | null;
  /** What a call in progress reports about itself. */
  progress?: { message: string; fraction: number | null };
}

export type Piece = { kind: "text"; text: string } | ToolPiece;

export interface LiveRun {
  taskId: string;
  state: "queued" | "running" | "ended";
  /** In the order in which they were written. */
  pieces: Piece[];
  /** The reason why it takes longer. */
  notice: string | null;
  /** The id of the last event that was read. */
  lastId: string | undefined;
}

export const newRun = (taskId: string): LiveRun => ({
  taskId,
  state: "queued",
  pieces: [],
  notice: null,
  lastId: undefined,
});

/** An event of a chat's stream, see docs/chat.md. */
export interface ChatEvent {
  type: string;
  data: Record<string, unknown>;
  id?: string | undefined;
}

const ENDS = new Set(["response", "error", "cancelled", "tool_request", "passive_stored"]);

export function withEvent(run: LiveRun, { type, data, id }: ChatEvent): LiveRun {
  const next = { ...run, lastId: id ?? run.lastId };
  if (ENDS.has(type)) return { ...next, state: "ended", notice: null };
  switch (type) {
    case "started":
      return { ...next, state: "running", notice: null };
    case "queued":
      return { ...next, state: "queued", notice: String(data.reason) };
    case "text_delta":
      return { ...next, state: "running", pieces: withText(run.pieces, String(data.text)), notice: null };
    case "text_reset":
      return { ...next, pieces: withoutText(run.pieces) };
    case "assistant_text":
      return { ...next, pieces: withText(withoutText(run.pieces), String(data.text)) };
    case "tool_start":
      return { ...next, pieces: [...run.pieces, startedTool(data)] };
    case "tool_progress":
      return { ...next, pieces: run.pieces.map((piece) => withProgress(piece, data)) };
    case "tool_result":
      return { ...next, pieces: run.pieces.map((piece) => withResult(piece, data)) };
    case "approval_request":
      return { ...next, notice: `A person decides on ${data.tool}` };
    case "approval_resolved":
      return { ...next, notice: null };
    case "llm_retry":
      return {
        ...next,
        notice: `The model is asked again in ${Math.ceil(Number(data.delay_ms) / 1_000)} s: ${data.reason}`,
      };
    case "llm_fallback":
      return { ...next, notice: `${data.model} answers instead.` };
    case "merged":
      // What follows is of the run that answers the message.
      return { ...newRun(String(data.merged_into)), lastId: next.lastId };
    default:
      return next;
  }
}

function withText(pieces: Piece[], text: string): Piece[] {
  const last = pieces.at(-1);
  if (last?.kind !== "text") return [...pieces, { kind: "text", text }];
  return [...pieces.slice(0, -1), { kind: "text", text: last.text + text }];
}

const withoutText = (pieces: Piece[]): Piece[] =>
  pieces.at(-1)?.kind === "text" ? pieces.slice(0, -1) : pieces;

const startedTool = ({ call_id, tool, args }: Record<string, unknown>): ToolPiece => ({
  kind: "tool",
  callId: String(call_id),
  tool: String(tool),
  args,
  status: "running",
  durationMs: null,
  error: null,
});

function withProgress(piece: Piece, { call_id, message, fraction }: Record<string, unknown>): Piece {
  if (piece.kind !== "tool" || piece.callId !== call_id || piece.status !== "running") return piece;
  const share = typeof fraction === "number" ? fraction : null;
  return { ...piece, progress: { message: String(message), fraction: share } };
}

function withResult(piece: Piece, { call_id, duration_ms, error }: Record<string, unknown>): Piece {
  if (piece.kind !== "tool" || piece.callId !== call_id) return piece;
  return {
    ...piece,
    status: error === undefined ? "done" : "failed",
    durationMs: typeof duration_ms === "number" ? duration_ms : null,
    error: error === undefined ? null : String(error),
  };
}

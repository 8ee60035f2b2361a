import type { Question, Reply } from "../questions/question.ts";

export interface CallOptions {
  signal: AbortSignal;
  onProgress?: (progress: {
    progress: number;
    total?: number | undefined;
    message?: string | undefined;
  }) => void;
  /** Asks a person what the server wants to know. Default: nobody is there to ask. */
  ask?: (question: Question, signal: AbortSignal) => Promise<Reply>;
}

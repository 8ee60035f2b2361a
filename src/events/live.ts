// What running runs write at this moment. It is kept in memory only: a run that ends with its process begins its answer
// anew. Followers read as far as they have come, so however fast a model writes, nothing waits in a queue.

import { createGrowingText, type GrowingText } from "../growing-text.ts";

export interface RunFacts {
  task_id: string;
  session_id: string;
  channel_id: string;
  bot_id: string;
  /** The sender of the task. */
  owner: string | null;
}

/** Something to tell about a run besides its text, such as a retry. */
export interface Note {
  type: string;
  data: Record<string, unknown>;
}

export interface LiveRun extends RunFacts {
  /**
   * Names one attempt of one model call: "claim.iteration.attempt". Its text only grows; another part begins anew, and
   * voids what an unfinished one has written.
   */
  part: string;
  text: GrowingText;
  /** The newest notes; `noteCount` counts all. */
  notes: Note[];
  noteCount: number;
  isOver: boolean;
}

/** The side of the run. */
export interface RunWriter {
  text(iteration: number, text: string): void;
  /** The text of this iteration so far is void. */
  restart(iteration: number): void;
  note(note: Note): void;
  close(): void;
}

export interface Live {
  begin(facts: RunFacts, attempt: number): RunWriter;
  get(taskId: string): LiveRun | undefined;
  list(): Iterable<LiveRun>;
  /** Calls `onChange` when a run, or any run, has written something. */
  watch(taskId: string | null, onChange: () => void): () => void;
  /** Takes over what another process has announced. */
  mirror(run: LiveRun): void;
  /** Another process is told about every change. */
  onWrite(listener: (run: LiveRun) => void): void;
  /** Wakes all who watch. */
  wakeAll(): void;
}

export const KEPT_NOTES = 50;
/** An ended run is kept a moment for those who have not read its end. */
const AFTER_END_MS = 5_000;
/** Runs of other processes whose end was missed are forgotten from this number on, oldest first. */
export const MOST_RUNS = 5_000;

export function createLive(): Live {
  const runs = new Map<string, LiveRun>();
  const watchers = new Map<string | null, Set<() => void>>();
  let announce: (run: LiveRun) => void = () => {};

  function changed(run: LiveRun): void {
    for (const key of [run.task_id, null]) for (const onChange of watchers.get(key) ?? []) onChange();
  }

  function set(run: LiveRun): void {
    runs.delete(run.task_id);
    runs.set(run.task_id, run);
    const [oldest] = runs.keys();
    if (runs.size > MOST_RUNS && oldest !== undefined) runs.delete(oldest);
  }

  function over(run: LiveRun): void {
    run.isOver = true;
    const timer = setTimeout(() => {
      if (runs.get(run.task_id) === run) runs.delete(run.task_id);
    }, AFTER_END_MS);
    timer.unref?.();
  }

  return {
    begin(facts, attempt) {
      const run: LiveRun = {
        ...facts,
        part: `${attempt}.0.0`,
        text: createGrowingText(),
        notes: [],
        noteCount: 0,
        isOver: false,
      };
      const tries = new Map<number, number>();
      set(run);
      const written = () => {
        const current = runs.get(run.task_id);
        // The task was claimed again, and is told by its new run.
        if (current && current !== run) return;
        announce(run);
        changed(run);
      };
      const enter = (iteration: number) => {
        const part = `${attempt}.${iteration}.${tries.get(iteration) ?? 0}`;
        if (part === run.part) return;
        run.part = part;
        run.text = createGrowingText();
      };
      return {
        text(iteration, text) {
          enter(iteration);
          run.text.add(text);
          written();
        },
        restart(iteration) {
          tries.set(iteration, (tries.get(iteration) ?? 0) + 1);
          enter(iteration);
          written();
        },
        note(note) {
          run.notes = [...run.notes.slice(1 - KEPT_NOTES), note];
          run.noteCount += 1;
          written();
        },
        close() {
          over(run);
          written();
        },
      };
    },
    get: (taskId) => runs.get(taskId),
    list: () => runs.values(),
    watch(taskId, onChange) {
      const set = watchers.get(taskId) ?? new Set();
      watchers.set(taskId, set.add(onChange));
      return () => {
        set.delete(onChange);
        if (set.size === 0 && watchers.get(taskId) === set) watchers.delete(taskId);
      };
    },
    mirror(run) {
      set(run);
      if (run.isOver) over(run);
      changed(run);
    },
    onWrite(listener) {
      announce = listener;
    },
    wakeAll() {
      for (const set of watchers.values()) for (const onChange of set) onChange();
    },
  };
}

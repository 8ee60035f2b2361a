import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import { useLiveQueries } from "../../api/live.ts";
import { type Outgoing, useConversations } from "./chat-store.ts";
import { followRun, showConversation } from "./follow.ts";
import type { LiveRun } from "./live-run.ts";
import { isOpen, isOver, messagesOf, tasksOf } from "./queries.ts";
import { type Entry, storedThread, type Task, withLive } from "./thread.ts";

export interface Thread {
  entries: Entry[];
  outgoing: Outgoing[];
  /** The run that is in progress or waits for its turn. */
  live: LiveRun | null;
  isBusy: boolean;
  isLoading: boolean;
  error: unknown;
  retry(): void;
  hasOlder: boolean;
  isLoadingOlder: boolean;
  loadOlder(): void;
  /** The runs that are over. */
  over: ReadonlySet<string>;
  /** The newest message that is stored; undefined: there is none. */
  newest: string | undefined;
}

const NONE: Outgoing[] = [];
const NO_TASKS: Task[] = [];

/** Everything that a conversation shows, kept current while it is on the screen. */
export function useThread(id: string): Thread {
  const messages = useInfiniteQuery(messagesOf(id));
  const tasks = useQuery(tasksOf(id));
  useLiveQueries(["task", "tool.completed", "tool.failed"], ["chat", id], {
    concerns: ({ session_id }) => session_id === id,
  });
  const live = useConversations((state) => state.live[id]) ?? null;
  const sending = useConversations((state) => state.outgoing[id]) ?? NONE;

  useEffect(() => {
    showConversation(id);
    return () => showConversation(undefined);
  }, [id]);
  const current = live && live.state !== "ended" ? live.taskId : tasks.data?.findLast(isOpen)?.id;
  useEffect(() => {
    if (current !== undefined) followRun(id, current);
  }, [id, current]);

  const stored = useMemo(() => messages.data?.pages.toReversed().flat() ?? [], [messages.data]);
  const known = tasks.data ?? NO_TASKS;
  const streamed = live?.taskId;
  const before = useMemo(
    () => storedThread({ messages: stored, tasks: known, streamed }),
    [stored, known, streamed],
  );
  const entries = useMemo(
    () => (live ? withLive(before, live, { messages: stored, tasks: known }) : before),
    [before, live, stored, known],
  );
  const over = useMemo(() => new Set(known.filter(isOver).map((task) => task.id)), [known]);
  const outgoing = useMemo(() => {
    const ids = new Set(stored.map((message) => message.id));
    return sending.filter(({ messageId }) => messageId === undefined || !ids.has(messageId));
  }, [sending, stored]);
  return {
    entries,
    outgoing,
    live,
    isBusy: current !== undefined,
    isLoading: messages.isPending || tasks.isPending,
    error: messages.error ?? tasks.error,
    retry: () => {
      void messages.refetch();
      void tasks.refetch();
    },
    hasOlder: messages.hasNextPage,
    isLoadingOlder: messages.isFetchingNextPage,
    loadOlder: () => void messages.fetchNextPage(),
    over,
    newest: stored.at(-1)?.id,
  };
}

// A list of rows, newest first: pages by cursor, and what arrives meanwhile.

import { useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState } from "react";
import { useLive } from "./live.ts";
import { queryClient } from "./query-client.ts";

export interface RowPage<Item> {
  items: Item[];
  next: string | null;
}

interface RowsOptions<Item> {
  /** Names the list and its filters for the cache. */
  key: readonly unknown[];
  /** Reads the page after the cursor, or the first one. */
  read(cursor: string | undefined): Promise<RowPage<Item>>;
  /** Families of events after which the first page is read again. */
  live: readonly string[];
}

export interface Rows<Item> {
  items: Item[];
  /** How many newer rows are known and not shown yet. */
  newCount: number;
  showNew(): void;
  /** Set by the list: new rows are shown at once while its top is in view. */
  setAtTop(isAtTop: boolean): void;
  isLoading: boolean;
  isLoadingMore: boolean;
  hasMore: boolean;
  loadMore(): void;
  error: unknown;
  retry(): void;
}

const PAGES_KEPT = 40;

/** `id` must sort by time, as the API's UUIDs do. */
export function useRows<Item extends { id: string }>({ key, read, live }: RowsOptions<Item>): Rows<Item> {
  const queryKey = [...key, "rows"];
  const name = JSON.stringify(queryKey);
  const pages = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam }) => read(pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next ?? undefined,
    // The first page is read again by events, see below; the others only by a reload.
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
  });
  const [head, setHead] = useState<{ name: string; items: Item[] }>({ name, items: [] });
  const [shown, setShown] = useState<{ name: string; newest: string | null }>({ name, newest: null });
  const atTop = useRef(true);

  const known = useMemo(() => pages.data?.pages.flatMap(({ items }) => items) ?? [], [pages.data]);
  const items = useMemo(() => merge(head.name === name ? head.items : [], known), [head, name, known]);
  const newest = items[0]?.id ?? null;
  const limit = shown.name === name ? shown.newest : null;

  useEffect(() => {
    if (newest !== null && (atTop.current || limit === null)) setShown({ name, newest });
  }, [newest, limit, name]);

  const readNew = async () => {
    if (pages.data === undefined) return void pages.refetch();
    const first = await read(undefined).catch(() => undefined);
    if (first === undefined) return;
    const ids = new Set(known.map(({ id }) => id));
    const isConnected = known.length === 0 || first.items.some(({ id }) => ids.has(id));
    // So much is new that rows between the two are missing.
    if (!isConnected || known.length === 0) await queryClient.resetQueries({ queryKey, exact: true });
    else setHead({ name, items: first.items });
  };
  useLive(live, () => void readNew());
  // Nobody listened to events while the list was not on the screen.
  const isKept = useRef(pages.data !== undefined);
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, for pages that were read before
  useEffect(() => {
    if (isKept.current) void readNew();
  }, []);

  const visible = limit === null ? items : items.filter(({ id }) => id <= limit);
  return {
    items: visible,
    newCount: items.length - visible.length,
    showNew: () => setShown({ name, newest }),
    setAtTop: (isAtTop) => {
      atTop.current = isAtTop;
    },
    isLoading: pages.isPending,
    isLoadingMore: pages.isFetchingNextPage,
    hasMore: pages.hasNextPage && (pages.data?.pages.length ?? 0) < PAGES_KEPT,
    loadMore: () => void pages.fetchNextPage(),
    error: pages.error,
    retry() {
      // What was read by events is older than what comes now.
      setHead({ name, items: [] });
      void pages.refetch();
    },
  };
}

/** The later reading of a row counts. */
function merge<Item extends { id: string }>(head: Item[], known: Item[]): Item[] {
  const fresh = new Set(head.map(({ id }) => id));
  return [...head, ...known.filter(({ id }) => !fresh.has(id))];
}

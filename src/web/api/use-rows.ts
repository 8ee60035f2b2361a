// A list of rows, newest first: pages by cursor, and what arrives meanwhile.

import { focusManager, useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState } from "react";
import { useLive } from "./live.ts";
import { merge, type NewRows, withNewest } from "./new-rows.ts";
import { queryClient } from "./query-client.ts";

export interface RowPage<Item> {
  items: Item[];
  next: string | null;
}

/** Parameters of every list of the API. The first page is of the usual length. */
interface PageQuery {
  cursor?: string;
  limit?: number;
}

interface RowsOptions<Item> {
  /** Names the list and its filters for the cache. */
  key: readonly unknown[];
  read(page: PageQuery): Promise<RowPage<Item>>;
  /** Families of events after which the first page is read again. */
  live: readonly string[];
}

export interface Rows<Item> {
  items: Item[];
  /** How many newer rows are known and not shown yet. */
  newCount: number;
  /** Whether there are still more of them. */
  isBehind?: boolean;
  showNew(): void;
  /** Set by the list: new rows are shown at once while its top is in view. */
  setAtTop(isAtTop: boolean): void;
  isLoading: boolean;
  isLoadingMore: boolean;
  hasMore: boolean;
  /** Whether the list ends here although there are older rows. */
  isCutOff?: boolean;
  loadMore(): void;
  error: unknown;
  retry(): void;
}

/** Larger than the first page, because whoever scrolls wants to see many rows. */
const FURTHER_PAGE = 200;
const MOST_PAGES = 100;

const NOTHING_NEW = { items: [], isBehind: false };

/** `id` must sort by time, as the API's UUIDs do. */
export function useRows<Item extends { id: string }>({ key, read, live }: RowsOptions<Item>): Rows<Item> {
  const queryKey = [...key, "rows"];
  const name = JSON.stringify(queryKey);
  const pages = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam }) =>
      read(pageParam === undefined ? {} : { cursor: pageParam, limit: FURTHER_PAGE }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next ?? undefined,
    // The first page is read again by events, see below; the others only by a reload.
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
  });
  const [ownHead, setOwnHead] = useState<NewRows<Item> & { name: string }>({ name, ...NOTHING_NEW });
  const [shown, setShown] = useState<{ name: string; newest: string | null }>({ name, newest: null });
  const atTop = useRef(true);

  const head: NewRows<Item> = ownHead.name === name ? ownHead : NOTHING_NEW;
  const known = useMemo(() => pages.data?.pages.flatMap(({ items }) => items) ?? [], [pages.data]);
  const items = useMemo(() => merge(head.items, known), [head.items, known]);
  const newest = items[0]?.id ?? null;
  const limit = shown.name === name ? shown.newest : null;

  useEffect(() => {
    if (newest !== null && (atTop.current || limit === null)) setShown({ name, newest });
  }, [newest, limit, name]);

  /** Reads the list again from its top. If its first page is passed, the screen changes at once, without an empty list in between. */
  const begin = async (first?: RowPage<Item>) => {
    // The rows that were added one by one are older than those that are read now.
    setOwnHead({ name, ...NOTHING_NEW });
    setShown({ name, newest: null });
    if (first) queryClient.setQueryData(queryKey, { pages: [first], pageParams: [undefined] });
    else await queryClient.resetQueries({ queryKey, exact: true });
  };
  const readNew = async () => {
    if (pages.data === undefined) return void pages.refetch();
    if (head.isBehind && !atTop.current) return;
    const first = await read({}).catch(() => undefined);
    if (first === undefined) return;
    const next = withNewest({ head, known, newest: first.items, isAtTop: atTop.current });
    if (next === "reread") await begin(first);
    else setOwnHead({ name, ...next });
  };
  useLive(live, readNew);
  // Not everything has events, but whoever comes back to the tab sees what there is.
  const latest = useRef(readNew);
  latest.current = readNew;
  useEffect(() => focusManager.subscribe((isSeen) => void (isSeen && latest.current())), []);
  // Nobody listened to events while the list was not on the screen.
  const isKept = useRef(pages.data !== undefined);
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, for pages that were read before
  useEffect(() => {
    if (isKept.current) void readNew();
  }, []);

  const visible = useMemo(
    () => (limit === null ? items : items.filter(({ id }) => id <= limit)),
    [items, limit],
  );
  const isFull = (pages.data?.pages.length ?? 0) >= MOST_PAGES;
  return {
    items: visible,
    newCount: items.length - visible.length,
    isBehind: head.isBehind,
    showNew: () => (head.isBehind ? void begin() : setShown({ name, newest })),
    setAtTop: (isAtTop) => {
      atTop.current = isAtTop;
    },
    isLoading: pages.isPending,
    isLoadingMore: pages.isFetchingNextPage,
    hasMore: pages.hasNextPage && !isFull,
    isCutOff: pages.hasNextPage && isFull,
    loadMore: () => void pages.fetchNextPage(),
    error: pages.error,
    retry: () => void begin(),
  };
}

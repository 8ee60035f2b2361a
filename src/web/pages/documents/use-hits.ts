import { useInfiniteQuery } from "@tanstack/react-query";
import { api, take } from "../../api/client.ts";
import type { Rows } from "../../api/use-rows.ts";
import type { Found } from "./queries.ts";

const PAGE = 20;

/** The hits of a search, best first; further ones by the cursor of the last. */
export function useHits({ q, ...narrowing }: Partial<Record<"q" | "integration" | "session_id", string>>) {
  const pages = useInfiniteQuery({
    queryKey: ["documents", "search", q, narrowing],
    queryFn: ({ pageParam }) =>
      take(
        api.GET("/api/v1/documents/search", {
          params: {
            query: {
              q: q ?? "",
              limit: PAGE,
              ...narrowing,
              ...(pageParam !== undefined && { cursor: pageParam }),
            },
          },
        }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (hits) => (hits.length < PAGE ? undefined : hits.at(-1)?.cursor),
    enabled: q !== undefined,
  });
  const rows: Rows<Found> = {
    items: pages.data?.pages.flat() ?? [],
    newCount: 0,
    showNew: () => undefined,
    setAtTop: () => undefined,
    isLoading: pages.isPending,
    isLoadingMore: pages.isFetchingNextPage,
    hasMore: pages.hasNextPage,
    loadMore: () => void pages.fetchNextPage(),
    error: pages.error,
    retry: () => void pages.refetch(),
  };
  return rows;
}

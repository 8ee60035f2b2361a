import { useInfiniteQuery } from "@tanstack/react-query";
import { api, take } from "../../api/client.ts";
import type { Rows } from "../../api/use-rows.ts";
import type { Found } from "./queries.ts";

const PAGE = 20;

/** The hits of a search, best first; further ones by the cursor of the last. */
export function useHits(q: string | undefined, integration: string | undefined): Rows<Found> {
  const pages = useInfiniteQuery({
    queryKey: ["documents", "search", q, integration],
    queryFn: ({ pageParam }) =>
      take(
        api.GET("/api/v1/documents/search", {
          params: {
            query: {
              q: q ?? "",
              limit: PAGE,
              ...(integration !== undefined && { integration }),
              ...(pageParam !== undefined && { cursor: pageParam }),
            },
          },
        }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (hits) => (hits.length < PAGE ? undefined : hits.at(-1)?.cursor),
    enabled: q !== undefined,
  });
  return {
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
}

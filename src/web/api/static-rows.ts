import type { UseQueryResult } from "@tanstack/react-query";
import type { Rows } from "./use-rows.ts";

/** Rows of a list that fits on one page, for `DataList`: `staticRows(useQuery(…))`. */
export const staticRows = <Item>({
  data,
  isPending,
  error,
  refetch,
}: UseQueryResult<Item[]>): Rows<Item> => ({
  items: data ?? [],
  newCount: 0,
  showNew: () => undefined,
  setAtTop: () => undefined,
  isLoading: isPending,
  isLoadingMore: false,
  hasMore: false,
  loadMore: () => undefined,
  error,
  retry: () => void refetch(),
});

import { QueryClient } from "@tanstack/react-query";
import { ApiFailure } from "./failure.ts";

const isPassing = (error: unknown): boolean => error instanceof ApiFailure && error.isPassing;

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      // What is on the screen is kept current by the event stream.
      staleTime: 15_000,
      gcTime: 5 * 60_000,
      retry: (failures, error) => failures < 3 && isPassing(error),
      refetchOnWindowFocus: true,
    },
    mutations: { retry: false },
  },
});

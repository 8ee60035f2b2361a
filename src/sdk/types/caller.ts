// The REST API as the caller of a route sees it.

/** What `asCaller` returns. */
export interface CallerApi {
  /**
   * Returns the answer of a GET route: `get("/channels", { query: { limit: 50 } })`. Throws the API's error, such as `forbidden` if the caller's key does
   * not have the scope.
   */
  get<Value = unknown>(
    path: string,
    options?: {
      /** Query parameters; undefined and null are left out. */
      query?: Record<string, string | number | boolean | null | undefined>;
      /** Ends the request. */
      signal?: AbortSignal | undefined;
    },
  ): Promise<Value>;
}

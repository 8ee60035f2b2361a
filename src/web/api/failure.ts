/** What the API refused, in its own words, or that it did not answer. */
export class ApiFailure extends Error {
  readonly status: number;
  readonly code: string;
  /** The field that is wrong, as a dotted path. */
  readonly field: string | undefined;
  /** Finds the server's log entry. */
  readonly requestId: string | undefined;

  constructor(message: string, facts: { status: number; code: string; field?: string; requestId?: string }) {
    super(message);
    this.name = "ApiFailure";
    this.status = facts.status;
    this.code = facts.code;
    this.field = facts.field;
    this.requestId = facts.requestId;
  }

  static async of(response: Response): Promise<ApiFailure> {
    const { status } = response;
    const requestId = response.headers.get("x-request-id") ?? undefined;
    const body: unknown = await response
      .clone()
      .json()
      .catch(() => undefined);
    const error = (body as { error?: { code?: string; message?: string; field?: string } } | undefined)
      ?.error;
    return new ApiFailure(error?.message ?? `The server answered with status ${status}.`, {
      status,
      code: error?.code ?? "unknown",
      ...(error?.field !== undefined && { field: error.field }),
      ...(requestId !== undefined && { requestId }),
    });
  }

  static unreachable(): ApiFailure {
    return new ApiFailure("The server does not answer. It may be restarting, or the network is down.", {
      status: 0,
      code: "unreachable",
    });
  }

  /** Whether the same request may succeed a little later. */
  get isPassing(): boolean {
    return this.status === 0 || this.status === 503;
  }
}

/** Whether the API has not overwritten what somebody else has stored since it was read. */
export const isChangedMeanwhile = (error: unknown): boolean =>
  error instanceof ApiFailure && error.code === "changed_meanwhile";

import { HeddleError } from "../../errors.ts";
import { ledBy } from "../../hops.ts";
import { type Incoming, withIncoming } from "../../inbox/incoming.ts";
import { during } from "../../runtime/activity.ts";
import { hopsIn } from "../../sdk/hops.ts";
import { within } from "../../within.ts";

export interface Router {
  /** Answers a request whose path is below /integrations/<id>; rejects with the error of the integration's code. */
  handle(request: Request): Promise<Response>;
}

/** How long an integration's handler may take. */
export const HANDLER_MS = 60_000;

/** Passes a request to an integration. If it is a webhook, the calls of the integration's code belong to `incoming`. */
export function runRouter(
  { handle }: Router,
  request: Request,
  {
    id,
    incoming,
    timeoutMs = HANDLER_MS,
  }: { id: string; incoming?: Incoming | undefined; timeoutMs?: number },
): Promise<Response> {
  const handled = during(
    () => `a request to the integration ${id}`,
    () => withIncoming(incoming, () => ledBy(hopsIn(request.headers), () => handle(request))),
  );
  return within(timeoutMs, handled, {
    error: () => new HeddleError("timeout", `The integration "${id}" did not answer in time.`),
  });
}

// Replays a recorded webhook through the integration's current router.

import { HeddleError } from "../../errors.ts";
import type { Inbox } from "../../inbox/inbox.ts";
import { replayOf } from "../../inbox/replay-of.ts";
import type { Logger } from "../../log.ts";
import { answerError } from "../errors.ts";
import { innerRequest } from "./inner-request.ts";
import type { MountedIntegrations } from "./integrations-gateway.ts";
import { runRouter } from "./run-router.ts";
import { type TestDelivery, testDeliveryOf } from "./test-delivery.ts";

export interface ReplayOptions {
  inbox: Pick<Inbox, "get" | "original" | "record">;
  integrations: Pick<MountedIntegrations, "whenLoaded" | "routerOf">;
  log: Logger;
}

/** Throws "not_found", "conflict" for a record that cannot be replayed, "unavailable" without a live integration. */
export type Replay = (eventId: string) => Promise<TestDelivery>;

export function createReplay({ inbox, integrations, log }: ReplayOptions): Replay {
  return async (eventId) => {
    const incoming = replayOf(await inbox.original(eventId));
    const { id, integrationId, method, path, headers, body } = incoming;
    if (!integrations.routerOf(integrationId)) await integrations.whenLoaded(integrationId);
    const router = integrations.routerOf(integrationId);
    if (!router) {
      throw new HeddleError("unavailable", `The integration "${integrationId}" is not running now.`);
    }
    const request = innerRequest({
      method,
      path,
      search: "",
      headers,
      body: body && new Uint8Array(body),
    });
    let answer: Response;
    let failure: unknown;
    try {
      answer = await runRouter(router, request, { id: integrationId, incoming });
    } catch (error) {
      failure = error;
      answer = answerError(error, { requestId: id, method, path, integrationId }, log);
    }
    inbox.record(incoming, answer, failure);
    return testDeliveryOf(id, answer, inbox);
  };
}

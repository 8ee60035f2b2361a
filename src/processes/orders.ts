// An operator's order reaches the server that supervises, whichever server got it: over NOTIFY. It is said again until it
// is answered, for there may be nobody in charge just now; whoever is carries it out once.

import type { Database } from "../db/database.ts";
import { type ErrorCode, HeddleError, isErrorCode, messageOf } from "../errors.ts";

export const ACTIONS = ["start", "stop", "restart"] as const;
export type Action = (typeof ACTIONS)[number];

export interface Orders {
  /** Resolves when it has been carried out; throws what the other server threw, or "unavailable" when none answers. */
  give(action: Action, integrationId: string): Promise<void>;
  close(): Promise<void>;
}

export interface OrdersOptions {
  db: Pick<Database, "listen" | "execute">;
  /** Whether this server supervises. */
  isInCharge(): boolean;
  obey(action: Action, integrationId: string): Promise<void>;
  /** Default 20 s: stopping takes up to ten. */
  timeoutMs?: number;
}

interface Order {
  order: string;
  action: Action;
  integration_id: string;
}

interface Answer {
  order: string;
  code?: string;
  message?: string;
}

const ORDERS = "heddle_process_orders";
const ANSWERS = "heddle_process_answers";
/** NOTIFY takes 8,000 bytes. */
const LONGEST_MESSAGE = 1_000;
const SAY_AGAIN_MS = 1_000;
/** How many orders are remembered, lest one be carried out twice. */
const REMEMBERED = 100;

export async function createOrders({
  db,
  isInCharge,
  obey,
  timeoutMs = 20_000,
}: OrdersOptions): Promise<Orders> {
  const waiting = new Map<string, (answer: Answer) => void>();
  const obeyed = new Map<string, Promise<Answer>>();

  const send = async (channel: string, value: Order | Answer): Promise<void> => {
    await db.execute("select pg_notify($1, $2)", [channel, JSON.stringify(value)]);
  };

  async function carryOut({ order, action, integration_id }: Order): Promise<Answer> {
    try {
      await obey(action, integration_id);
      return { order };
    } catch (error) {
      const code = error instanceof HeddleError ? error.code : "internal";
      return { order, code, message: messageOf(error).slice(0, LONGEST_MESSAGE) };
    }
  }

  async function answer(order: Order): Promise<void> {
    const carried = obeyed.get(order.order) ?? carryOut(order);
    obeyed.set(order.order, carried);
    for (const old of obeyed.keys()) if (obeyed.size > REMEMBERED) obeyed.delete(old);
    await send(ANSWERS, await carried);
  }

  const listening = await Promise.all([
    db.listen(
      ORDERS,
      (payload) => {
        // When the answer cannot be sent, the other side says it again.
        if (isInCharge()) answer(JSON.parse(payload) as Order).catch(() => undefined);
      },
      () => undefined,
    ),
    db.listen(
      ANSWERS,
      (payload) => {
        const answer = JSON.parse(payload) as Answer;
        waiting.get(answer.order)?.(answer);
      },
      () => undefined,
    ),
  ]);

  return {
    async give(action, integrationId) {
      if (isInCharge()) return obey(action, integrationId);
      const order = crypto.randomUUID();
      const { promise, resolve, reject } = Promise.withResolvers<Answer>();
      waiting.set(order, resolve);
      const say = () => send(ORDERS, { order, action, integration_id: integrationId });
      const timer = setTimeout(
        () => reject(new HeddleError("unavailable", "No server supervises processes just now; try again.")),
        timeoutMs,
      );
      const saying = setInterval(() => void say().catch(() => undefined), SAY_AGAIN_MS);
      try {
        await say();
        const { code, message = "" } = await promise;
        if (code !== undefined) throw new HeddleError(codeOf(code), message);
      } finally {
        clearTimeout(timer);
        clearInterval(saying);
        waiting.delete(order);
      }
    },
    async close() {
      await Promise.all(listening.map((one) => one.close()));
    },
  };
}

const codeOf = (code: string): ErrorCode => (isErrorCode(code) ? code : "internal");

// Passes an operator's command to the server that supervises processes, over NOTIFY, whichever server received it. The
// command is repeated until it is answered, because there may be no leader for a moment; the leader executes it once.

import type { Database } from "../db/database.ts";
import { type ErrorCode, errorMessage, HeddleError, isErrorCode } from "../errors.ts";
import { within } from "../within.ts";

export const ACTIONS = ["start", "stop", "restart"] as const;
export type Action = (typeof ACTIONS)[number];

export interface Commands {
  /**
   * Resolves when the command has been executed; throws what the other server threw, or "unavailable" without an
   * answer.
   */
  send(action: Action, integrationId: string): Promise<void>;
  close(): Promise<void>;
}

export interface CommandsOptions {
  db: Pick<Database, "listen" | "execute">;
  /** Whether this server supervises. */
  isLeader(): boolean;
  handle(action: Action, integrationId: string): Promise<void>;
  /** Default 20 s: stopping takes up to ten. */
  timeoutMs?: number;
}

/** The field names are those of earlier versions, which may run beside this one. */
interface Command {
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
const REPEAT_MS = 1_000;
/** Commands that are remembered, so that a repeated one is not executed twice. */
const REMEMBERED = 100;

export async function createCommands({
  db,
  isLeader,
  handle,
  timeoutMs = 20_000,
}: CommandsOptions): Promise<Commands> {
  const waiting = new Map<string, (answer: Answer) => void>();
  const handled = new Map<string, Promise<Answer>>();

  const notify = async (channel: string, value: Command | Answer): Promise<void> => {
    await db.execute("select pg_notify($1, $2)", [channel, JSON.stringify(value)]);
  };

  async function execute({ order, action, integration_id }: Command): Promise<Answer> {
    try {
      await handle(action, integration_id);
      return { order };
    } catch (error) {
      const code = error instanceof HeddleError ? error.code : "internal";
      return { order, code, message: errorMessage(error).slice(0, LONGEST_MESSAGE) };
    }
  }

  async function answer(order: Command): Promise<void> {
    const executed = handled.get(order.order) ?? execute(order);
    handled.set(order.order, executed);
    for (const old of handled.keys()) if (handled.size > REMEMBERED) handled.delete(old);
    await notify(ANSWERS, await executed);
  }

  const listening = await Promise.all([
    db.listen(
      ORDERS,
      (payload) => {
        const command = isLeader() ? parsed<Command>(payload) : undefined;
        // When the answer cannot be sent, the other side repeats the command.
        if (command) answer(command).catch(() => undefined);
      },
      () => undefined,
    ),
    db.listen(
      ANSWERS,
      (payload) => {
        const answer = parsed<Answer>(payload);
        if (answer) waiting.get(answer.order)?.(answer);
      },
      () => undefined,
    ),
  ]);

  return {
    async send(action, integrationId) {
      if (isLeader()) return handle(action, integrationId);
      const order = crypto.randomUUID();
      const { promise, resolve } = Promise.withResolvers<Answer>();
      waiting.set(order, resolve);
      const announce = () => notify(ORDERS, { order, action, integration_id: integrationId });
      // Not `every`: it lasts as long as one command waits, and closing it must not wait for a repetition that hangs.
      const repeating = setInterval(() => void announce().catch(() => undefined), REPEAT_MS);
      try {
        await announce();
        const { code, message = "" } = await within(timeoutMs, promise, {
          error: () =>
            new HeddleError("unavailable", "No server supervises processes at the moment; try again."),
        });
        if (code !== undefined) throw new HeddleError(codeOf(code), message);
      } finally {
        clearInterval(repeating);
        waiting.delete(order);
      }
    },
    async close() {
      await Promise.all(listening.map((one) => one.close()));
    },
  };
}

/** Anyone with the database's password can notify, so anything that is not JSON is ignored. */
function parsed<Message>(payload: string): Message | undefined {
  try {
    return JSON.parse(payload) as Message;
  } catch {
    return undefined;
  }
}

const codeOf = (code: string): ErrorCode => (isErrorCode(code) ? code : "internal");

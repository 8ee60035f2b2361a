// Measures what firing a hook event costs the run; callbacks and webhooks are handled later.

import { getLogger } from "@logtape/logtape";
import { createHooks } from "../../src/hooks/hooks.ts";
import { createHookWebhooks } from "../../src/hooks/webhooks.ts";
import { createRedactor } from "../../src/redact.ts";
import { percentile } from "./numbers.ts";

const LISTENERS = 20;
const EVENTS = 2000;
/** Warm-up iterations are not counted, because code is compiled when it first runs. */
const WARM_UP = 200;
const SECRETS = 50;

/**
 * The 99th percentile in milliseconds, for an event with 2 kB of arguments, 20 listeners and one of HOOK_WEBHOOK_URLS.
 */
export async function measureHooks(): Promise<number> {
  const log = getLogger("heddle");
  const redactor = createRedactor();
  redactor.add(...Array.from({ length: SECRETS }, () => crypto.randomUUID()));
  const webhooks = createHookWebhooks({
    urls: ["http://receiver.example/"],
    secret: undefined,
    post: async () => ({ status: 200 }),
    log,
  });
  const hooks = createHooks({ log, redact: redactor.redact, onEvent: webhooks.send });
  for (let n = 0; n < LISTENERS; n++) hooks.register(`listener-${n}`, "after_tool_call", async () => {});
  const context = {
    bot_id: "default",
    session_id: crypto.randomUUID(),
    channel_id: crypto.randomUUID(),
    client_id: "bench:1",
    correlation_id: crypto.randomUUID(),
    extra: {
      tool_name: "bench_tool",
      tool_args: { paths: Array.from({ length: 20 }, (_, n) => `${n} ${"x".repeat(100)}`) },
      duration_ms: 1,
    },
  };
  const times: number[] = [];
  for (let n = 0; n < WARM_UP + EVENTS; n++) {
    const before = performance.now();
    hooks.fire("after_tool_call", context);
    if (n >= WARM_UP) times.push(performance.now() - before);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await hooks.close();
  await webhooks.close();
  return percentile(times, 99);
}

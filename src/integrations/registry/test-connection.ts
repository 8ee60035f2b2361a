// Asks an integration's service whether its settings work, because a person wants to know before the first event.

import { errorMessage, HeddleError } from "../../errors.ts";
import type { Redact } from "../../redact.ts";
import { during } from "../../runtime/activity.ts";
import { networkSentence } from "../../sdk/network-words.ts";
import { within } from "../../within.ts";
import type { IntegrationView } from "./view.ts";

export interface ConnectionTest {
  ok: boolean;
  /** What the integration found, or what is wrong, without the secrets that are known. */
  message: string;
}

const TIMEOUT_MS = 15_000;
const LONGEST = 500;

/** A connection that does not work is a result. Throws `conflict` if the integration is not live or has no test. */
export async function testConnection(
  { id, meta, isLive }: Pick<IntegrationView, "id" | "meta" | "isLive">,
  { redact, timeoutMs = TIMEOUT_MS }: { redact: Redact; timeoutMs?: number },
): Promise<ConnectionTest> {
  if (!isLive)
    throw new HeddleError("conflict", `"${id}" is not running, so its connection cannot be tested.`);
  const test = meta?.testConnection;
  if (!test) throw new HeddleError("conflict", `"${id}" has no test of its connection.`);
  // Redacted first: half a secret at the cut would not be recognised.
  const shown = (text: string): string => cut(redact(text));
  const late = new AbortController();
  const error = () => new Error(`There was no answer within ${timeoutMs / 1000} seconds.`);
  try {
    const work = during(
      () => `testConnection of ${id}`,
      async () => test({ signal: late.signal }),
    );
    const said: unknown = await within(timeoutMs, work, { error });
    return { ok: true, message: typeof said === "string" && said.trim() !== "" ? shown(said) : "It works." };
  } catch (thrown) {
    late.abort(thrown);
    return { ok: false, message: shown(networkSentence(thrown) ?? errorMessage(thrown)) };
  }
}

const cut = (text: string): string =>
  (text.length > LONGEST ? `${text.slice(0, LONGEST)} …` : text).toWellFormed();

import { log } from "heddle/sdk";
import { codeOf, connect } from "./client.ts";
import { tokenOf } from "./config.ts";

/** Tells one person something that nobody else sees. If that fails, it is only logged. */
export async function say(
  to: { team: string; channel: string; user: string; thread?: string | undefined },
  text: string,
): Promise<void> {
  const { team, channel, user, thread } = to;
  try {
    await connect(tokenOf(team), AbortSignal.timeout(10_000)).chat.postEphemeral({
      ...{ channel, user, text },
      ...(thread !== undefined && { thread_ts: thread }),
    });
  } catch (error) {
    log.warning("A person could not be told", { reason: codeOf(error) ?? String(error) });
  }
}

// The conversation controls of the SDK inside the server: the same parts that the REST API calls.

import type { ChannelSettings } from "../channels/channels.ts";
import { HeddleError } from "../errors.ts";
import { presentChannel } from "../http/api/routes/channels.ts";
import { checkChannelChange } from "../http/api/sdk-checks.ts";
import { isUuid } from "../ids.ts";
import type { ControlCalls } from "../sdk/controls.ts";
import type { CapabilityParts } from "./capabilities.ts";
import type { Conversation } from "./conversation.ts";

const UNFINISHED = ["pending", "running", "waiting"] as const;
/** Of one channel and status; its runs follow one another, so more than one is rarely running. */
const MOST_TASKS = 500;
/** Of one run, as over REST: a channel's targets are far fewer. */
const MOST_DELIVERIES = 200;

interface Correcting {
  outbox: Pick<Conversation["outbox"], "list" | "change" | "canChange">;
}

export function createServerControls(
  {
    channels,
    channelSessions,
    tasks,
    outbox,
  }: Pick<Conversation, "channels" | "channelSessions" | "tasks"> & Correcting,
  { missingNames }: Pick<CapabilityParts, "missingNames">,
): ControlCalls {
  return {
    async findChannel(clientId) {
      const [found] = await channels.list({ client_id: clientId, limit: 1 });
      return found && presentChannel(found);
    },
    async patchChannel(id, change) {
      checkChannelChange(change);
      const channel = await channels.update(id, change as ChannelSettings);
      return { ...presentChannel(channel), warnings: missingNames(channel) };
    },
    resetSession: (id) => channelSessions.reset(id),
    compactSession: (id) => channelSessions.compact(id),
    async unfinishedTasks(channelId) {
      const pages = UNFINISHED.map((status) =>
        tasks.list({ channel_id: channelId, status, limit: MOST_TASKS }),
      );
      return (await Promise.all(pages)).flat().map(({ id }) => id);
    },
    async getTask(id) {
      const { status, result, error } = await tasks.get(asId(id, "task_id"));
      return { status, result, error };
    },
    async correctTask(id, text) {
      const { id: task_id } = await tasks.get(asId(id, "task_id"));
      const rows = await outbox.list({ task_id, status: "delivered", limit: MOST_DELIVERIES });
      const shown = rows.filter(
        (row) =>
          row.payload.kind === "result" &&
          row.payload.changed_by?.kind !== "remove" &&
          outbox.canChange(row, "edit"),
      );
      for (const row of shown) await outbox.change(row.id, { kind: "edit", text });
      return shown.length;
    },
    cancelTask: async (id) => (await tasks.cancel(asId(id, "task_id"))).status,
  };
}

/** The database takes nothing but a UUID. Throws `validation`, as over REST. */
export function asId(id: string, field: string): string {
  if (isUuid(id)) return id;
  throw new HeddleError("validation", `${field} must be a UUID; got ${JSON.stringify(id)}.`, { field });
}

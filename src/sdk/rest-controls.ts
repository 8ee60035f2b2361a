// The conversation controls over the REST API.

import type { ControlCalls } from "./controls.ts";
import type { ChannelInfo, Decided, JsonObject, SessionReset, TaskState } from "./types.ts";

type Call = <Answer>(method: string, path: string, body?: JsonObject) => Promise<Answer>;

/** Of a delivery. */
interface Answered {
  id: string;
  kind: string;
  can_correct: boolean;
  changed_by: { kind: string } | null;
}

const UNFINISHED = ["pending", "running", "waiting"];

export function createRestControls(call: Call): ControlCalls {
  const at = (id: string) => encodeURIComponent(id);
  return {
    async findChannel(clientId) {
      const query = new URLSearchParams({ client_id: clientId });
      const { channels } = await call<{ channels: ChannelInfo[] }>("GET", `/channels?${query}`);
      return channels[0];
    },
    patchChannel: (id, change) => call<ChannelInfo>("PATCH", `/channels/${at(id)}`, change),
    resetSession: (id) => call<SessionReset>("POST", `/channels/${at(id)}/reset`),
    compactSession: (id) => call<{ session_id: string | null }>("POST", `/channels/${at(id)}/compact`),
    async unfinishedTasks(id) {
      const pages = UNFINISHED.map((status) => {
        const query = new URLSearchParams({ channel_id: id, status, limit: "500" });
        return call<{ tasks: { id: string }[] }>("GET", `/tasks?${query}`);
      });
      return (await Promise.all(pages)).flatMap(({ tasks }) => tasks.map((task) => task.id));
    },
    decide: (id, { by, approved, choice, note }) =>
      call<Decided>("POST", `/approvals/${at(id)}/decide`, {
        approved,
        by: { ...by },
        ...(choice && { choice }),
        ...(note !== undefined && { note }),
      }),
    async getTask(id) {
      const { status, result, error } = await call<TaskState>("GET", `/tasks/${at(id)}`);
      return { status, result, error };
    },
    async correctTask(id, text) {
      // An id that does not exist must be an error, as in the server.
      await call("GET", `/tasks/${at(id)}`);
      const query = new URLSearchParams({ task_id: id, status: "delivered", limit: "200" });
      const { deliveries } = await call<{ deliveries: Answered[] }>("GET", `/deliveries?${query}`);
      const shown = deliveries.filter(
        ({ kind, can_correct, changed_by }) =>
          kind === "result" && can_correct && changed_by?.kind !== "remove",
      );
      for (const delivery of shown) await call("POST", `/deliveries/${at(delivery.id)}/correct`, { text });
      return shown.length;
    },
    cancelTask: async (id) => (await call<{ status: "cancelled" }>("POST", `/tasks/${at(id)}/cancel`)).status,
  };
}

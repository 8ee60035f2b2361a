// The conversation controls over the REST API.

import type { ControlCalls } from "./controls.ts";
import type { ChannelInfo, Decided, JsonObject, SessionReset, TaskState } from "./types.ts";

type Call = <Answer>(method: string, path: string, body?: JsonObject) => Promise<Answer>;

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
    cancelTask: async (id) => (await call<{ status: "cancelled" }>("POST", `/tasks/${at(id)}/cancel`)).status,
  };
}

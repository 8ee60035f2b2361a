// The conversation controls, built on a few calls that the server and the REST API implement.

import { HeddleError, notFound } from "../errors.ts";
import { asText, checkDecision } from "./check-controls.ts";
import type {
  ApprovalControls,
  ChannelControls,
  ChannelInfo,
  JsonObject,
  SessionReset,
  TaskControls,
} from "./types.ts";

/** As over REST. */
const LONGEST_TEXT = 1_000_000;

/** The calls take ids of channels and tasks. */
export interface ControlCalls {
  /** Returns the channel of a place; undefined if it has none. */
  findChannel(clientId: string): Promise<ChannelInfo | undefined>;
  /** Changes settings of a channel. */
  patchChannel(id: string, change: JsonObject): Promise<ChannelInfo>;
  /** Begins a new session of a channel. */
  resetSession(id: string): Promise<SessionReset>;
  /** Missing in doubles of tests that need none. */
  compactSession?(id: string): Promise<{ session_id: string | null }>;
  /** Returns the ids of the channel's unfinished tasks. */
  unfinishedTasks(channelId: string): Promise<string[]>;
  /** Cancels a run; returns its status. */
  cancelTask(id: string): ReturnType<TaskControls["cancel"]>;
  /** Missing in doubles of tests that need none. */
  getTask?(id: string): ReturnType<TaskControls["get"]>;
  /** Missing in doubles of tests that need none. */
  correctTask?: TaskControls["correct"];
  /** Missing in doubles of tests that need none. */
  decide?: ApprovalControls["decide"];
}

export function createControls(calls: ControlCalls): {
  channels: ChannelControls;
  tasks: TaskControls;
  approvals: ApprovalControls;
} {
  const find = async (clientId: string) => calls.findChannel(asText(clientId, "client_id"));
  const idOf = async (clientId: string): Promise<string> => {
    const channel = await find(clientId);
    if (!channel) throw notFound("channel", clientId, "client_id");
    return channel.id;
  };
  return {
    channels: {
      get: find,
      patch: async (clientId, change) => calls.patchChannel(await idOf(clientId), change),
      reset: async (clientId) => calls.resetSession(await idOf(clientId)),
      async compact(clientId) {
        const id = await idOf(clientId);
        if (calls.compactSession) return await calls.compactSession(id);
        throw new HeddleError("not_supported", "channels.compact() needs controls with compactSession().");
      },
      async stop(clientId) {
        const tasks = await calls.unfinishedTasks(await idOf(clientId));
        for (const id of tasks) await calls.cancelTask(id);
        return tasks;
      },
    },
    tasks: {
      async get(taskId) {
        if (calls.getTask) return await calls.getTask(asText(taskId, "task_id"));
        throw new HeddleError("not_supported", "tasks.get() needs controls with getTask().");
      },
      cancel: async (taskId) => calls.cancelTask(asText(taskId, "task_id")),
      async correct(taskId, text) {
        if (calls.correctTask)
          return await calls.correctTask(asText(taskId, "task_id"), asText(text, "text", LONGEST_TEXT));
        throw new HeddleError("not_supported", "tasks.correct() needs controls with correctTask().");
      },
    },
    approvals: {
      async decide(approvalId, decision) {
        if (calls.decide)
          return await calls.decide(asText(approvalId, "approval_id"), checkDecision(decision));
        throw new HeddleError("not_supported", "approvals need controls with decide().");
      },
    },
  };
}

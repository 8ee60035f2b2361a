import { people } from "heddle/sdk";
import { settings } from "./config.ts";

type Status = Awaited<ReturnType<typeof people.list>>[number]["status"];

/** What the operator has said of somebody; undefined: nothing. */
export const statusOf = async (user: string): Promise<Status | undefined> =>
  (await people.list()).find(({ id }) => id === user)?.status;

/** Whether somebody with this status may talk to the bots. The person is told nothing. */
export const mayTalk = (status: Status | undefined): boolean =>
  settings.SLACK_WHO_MAY_TALK === "everyone" ? status !== "blocked" : status === "allowed";

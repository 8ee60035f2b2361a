// Commands that people give and buttons that they press. Discord expects a response within three seconds, so it gets one before anything else is done.

import { approvals, type JsonObject, tasks } from "heddle/sdk";
import { refusedBecause } from "../_decisions/refused.ts";
import { isAllowed, refusal } from "./access.ts";
import { call, codeOf } from "./client.ts";
import { runCommand } from "./commands.ts";
import { nameOf } from "./message.ts";
import { quiet } from "./post.ts";

const COMMAND = 2;
const BUTTON = 3;
/** Types of responses: one that shows "is thinking", and one that shows nothing. */
const THINKING = 5;
const NOTHING = 6;
const ONLY_FOR_THEM = 64;
const ALREADY_RESPONDED = 40_060;

interface Interaction {
  id: string;
  application_id: string;
  type: number;
  token: string;
  channel_id?: string;
  guild_id?: string;
  data?: { name?: string; custom_id?: string; options?: { value?: unknown }[] };
  member?: { nick?: string | null; user: User };
  user?: User;
}
interface User {
  id: string;
  username: string;
  global_name?: string | null;
}

export async function takeInteraction(event: JsonObject): Promise<void> {
  const interaction = event as unknown as Interaction;
  const user = interaction.member?.user ?? interaction.user;
  if (!user) return;
  const nick = interaction.member?.nick;
  const person = { id: user.id, name: nameOf({ author: user, ...(nick && { member: { nick } }) }) };
  if (interaction.type === COMMAND) await command(interaction, person);
  else if (interaction.type === BUTTON) await button(interaction, person);
}

type Person = { id: string; name: string };

async function command(interaction: Interaction, person: Person): Promise<void> {
  const { name = "", options = [] } = interaction.data ?? {};
  const channel = interaction.channel_id ?? "";
  const mayTalk = await isAllowed(person.id);
  const isPublic = name === "ask" && mayTalk;
  await respond(interaction, { type: THINKING, data: { flags: isPublic ? 0 : ONLY_FOR_THEM } });
  const argument = String(options[0]?.value ?? "").trim();
  // Nobody else sees the answer, so that it may hold a code.
  const answer = mayTalk
    ? await runCommand({ name, argument, channel, person, interaction })
    : ((await refusal(person, channel, true)) ?? "You may not talk to the bots here.");
  if (answer === undefined) return;
  const { application_id, token } = interaction;
  await call("PATCH", `/webhooks/${application_id}/${token}/messages/@original`, { json: plain(answer) });
}

/**
 * Whether this is the first response. It is not when an earlier process has ended in the middle of the work, or did not learn that Discord had
 * its response: the work is done all the same.
 */
async function respond({ id, token }: Interaction, json: object): Promise<boolean> {
  try {
    await call("POST", `/interactions/${id}/${token}/callback`, { json });
    return true;
  } catch (error) {
    if (codeOf(error) !== ALREADY_RESPONDED) throw error;
    return false;
  }
}

const plain = (content: string, flags = 0) => quiet({ content, flags });

async function button(interaction: Interaction, person: Person): Promise<void> {
  const { custom_id = "" } = interaction.data ?? {};
  const [, action, id] = /^heddle:(once|run|deny|stop):([0-9a-zA-Z-]{1,60})$/.exec(custom_id) ?? [];
  const isFirst = await respond(interaction, { type: NOTHING });
  if (action === undefined || id === undefined) return;
  const said = action === "stop" ? await stop(id, person) : await decide(action, id, person);
  // The second time, "already decided" would be about what this press has decided.
  if (said === undefined || !isFirst) return;
  const { application_id, token } = interaction;
  await call("POST", `/webhooks/${application_id}/${token}`, {
    json: plain(said, ONLY_FOR_THEM),
  });
}

async function decide(action: string, id: string, by: Person): Promise<string | undefined> {
  try {
    await approvals.decide(id, {
      approved: action !== "deny",
      by,
      choice: action === "run" ? "run" : "once",
    });
    return undefined;
  } catch (error) {
    const reason = refusedBecause(error);
    if (reason === undefined) throw error;
    return reason;
  }
}

async function stop(taskId: string, { id }: Person): Promise<string | undefined> {
  if (!(await isAllowed(id))) return "You may not stop this.";
  try {
    await tasks.cancel(taskId);
    return undefined;
  } catch (error) {
    if ((error as { code?: unknown }).code === "not_found") return "This has ended.";
    throw error;
  }
}

// What is asked of Slack again and again: who the bot is, and the names of people and channels.

import { log } from "heddle/sdk";
import { codeOf, connect } from "./client.ts";
import { settings, tokenOf } from "./config.ts";

/** The app in one workspace. */
export interface Self {
  team: string;
  teamName: string;
  user: string;
  name: string;
  /** The id under which its posts appear as those of a bot. */
  bot: string | undefined;
}

const KEPT_MS = 600_000;
const MOST = 5_000;
const selves = new Map<string, Self>();
const names = new Map<string, { at: number; name: string }>();

/** Who the bot is in a workspace, from `auth.test`. */
export async function whoAmI(team: string | undefined, signal?: AbortSignal): Promise<Self> {
  const token = tokenOf(team);
  const key = `${settings.SLACK_API_URL} ${token}`;
  const known = selves.get(key);
  if (known) return known;
  const answer = await connect(token, signal).auth.test();
  const self: Self = {
    team: String(answer.team_id),
    teamName: String(answer.team ?? answer.team_id),
    user: String(answer.user_id),
    name: String(answer.user ?? answer.user_id),
    bot: answer.bot_id,
  };
  selves.set(key, self);
  return self;
}

/** The name of a person, or the id if Slack does not tell. */
export const personName = (team: string, user: string, signal?: AbortSignal): Promise<string> =>
  nameOf(`${team}:${user}`, user, async () => {
    const { user: found } = await connect(tokenOf(team), signal).users.info({ user });
    return found?.profile?.display_name || found?.real_name || found?.name;
  });

/** The name of a channel without "#", or the id if Slack does not tell. */
export const channelName = (team: string, channel: string, signal?: AbortSignal): Promise<string> =>
  nameOf(`${team}:${channel}`, channel, async () => {
    const { channel: found } = await connect(tokenOf(team), signal).conversations.info({ channel });
    // Slack's types leave out the person of a direct message.
    const user = (found as { user?: string } | undefined)?.user;
    if (found?.is_im && user) return `@${await personName(team, user, signal)}`;
    return found?.name;
  });

async function nameOf(key: string, id: string, ask: () => Promise<string | undefined>): Promise<string> {
  const known = names.get(key);
  if (known && performance.now() - known.at < KEPT_MS) return known.name;
  let name = known?.name ?? id;
  try {
    name = (await ask()) || id;
  } catch (error) {
    // A message with an id in place of a name is better than none.
    log.warning("Slack did not tell a name", { id, reason: codeOf(error) ?? String(error) });
  }
  if (names.size >= MOST) names.clear();
  names.set(key, { at: performance.now(), name });
  return name;
}

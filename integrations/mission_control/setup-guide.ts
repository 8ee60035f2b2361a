// The steps to a board that bots and people use together, with what is done already.

import { botsFor, channelsFor } from "./server.ts";
import { tables } from "./tables.ts";

const CARAPACE = "mission_control";

interface SetupStep {
  id: string;
  title: string;
  detail: string;
  done: boolean;
  /** A page of the admin UI. */
  href: string;
}

export async function setupGuide(
  request: Request,
): Promise<{ steps: SetupStep[]; done: number; total: number }> {
  const [row] = await tables.query<Record<"cards" | "by_bots" | "decided", number>>(
    `SELECT (SELECT count(*) FROM cards) AS cards, (SELECT count(*) FROM cards WHERE bot_id IS NOT NULL) + (SELECT count(*) FROM plans WHERE task_id IS NOT NULL) AS by_bots,
       (SELECT count(*) FROM plans WHERE approved_at IS NOT NULL) AS decided`,
  );
  // That bots have the tools shows in what they have made with them.
  const isUsed = (row?.by_bots ?? 0) > 0;
  const steps: SetupStep[] = [
    {
      ...{
        id: "task",
        title: "Add a task",
        href: "/mission-control/board?add=1",
        done: (row?.cards ?? 0) > 0,
      },
      detail: "It is on the board, and on the timeline.",
    },
    {
      ...{
        id: "activate",
        title: "Activate Mission Control in a channel",
        href: "/channels",
        done: isUsed || (await hasCarapace(request)),
      },
      detail:
        "The bot of the channel then has the tools for tasks and plans; a bot with the carapace has them everywhere.",
    },
    {
      ...{ id: "bot", title: "Ask the bot for a task or a plan", href: "/chat" },
      done: isUsed,
      detail: '"Make a plan for moving the documentation to the new site."',
    },
    {
      ...{
        id: "approve",
        title: "Approve a plan",
        href: "/mission-control/plans",
        done: (row?.decided ?? 0) > 0,
      },
      detail: "Its steps run one after another in the conversation.",
    },
  ];
  return { steps, done: steps.filter(({ done }) => done).length, total: steps.length };
}

/** Whether a channel or a bot has the carapace, as far as the caller may see them. */
async function hasCarapace(request: Request): Promise<boolean> {
  const channels = await channelsFor(request, { carapace: CARAPACE });
  if (channels && channels.length > 0) return true;
  return (await botsFor(request))?.some(({ carapaces }) => carapaces.includes(CARAPACE)) === true;
}

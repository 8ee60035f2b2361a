import { defineConfig, t } from "heddle/sdk";

/** Settings are looked up at each access, so a change takes effect with the next event. */
export const settings = defineConfig({
  SLACK_BOT_TOKEN: t.String({ default: "" }),
  SLACK_APP_TOKEN: t.String({ default: "" }),
  SLACK_SIGNING_SECRET: t.String({ default: "" }),
  SLACK_TEAM_TOKENS: t.String({ default: "" }),
  SLACK_API_URL: t.String({ default: "https://slack.com/api/" }),
  SLACK_WHO_MAY_TALK: t.Union([t.Literal("everyone"), t.Literal("allowed")], { default: "everyone" }),
  SLACK_THREADS: t.Union([t.Literal("mentions"), t.Literal("always"), t.Literal("never")], {
    default: "mentions",
  }),
  SLACK_THREADS_IN: t.String({ default: "" }),
  SLACK_LISTEN_IN: t.String({ default: "" }),
  SLACK_AUDIT_CHANNEL: t.String({ default: "" }),
  SLACK_REACTIONS: t.Boolean({ default: true }),
  SLACK_MAX_FILE_BYTES: t.Integer({ default: 5_000_000, minimum: 1 }),
  SLACK_BOT_ID: t.String({ default: "default" }),
});

const MODES = ["mentions", "always", "never"] as const;

/** Where answers stand in a channel: its own choice among SLACK_THREADS_IN ("C123=always, C456=never"), or else SLACK_THREADS. */
export function threadsIn(channel: string): (typeof MODES)[number] {
  for (const entry of settings.SLACK_THREADS_IN.split(",")) {
    const [id, mode] = entry.split("=", 2).map((part) => part.trim());
    if (id === channel) return MODES.find((one) => one === mode) ?? settings.SLACK_THREADS;
  }
  return settings.SLACK_THREADS;
}

/** The setting that has the token of a workspace. */
export const tokenSettingOf = (team: string | undefined): string =>
  tokenOf(team) === settings.SLACK_BOT_TOKEN ? "SLACK_BOT_TOKEN" : "SLACK_TEAM_TOKENS";

/** The token of a workspace: its own among SLACK_TEAM_TOKENS ("T123=xoxb-…, T456=xoxb-…"), or else SLACK_BOT_TOKEN. */
export function tokenOf(team: string | undefined): string {
  if (team !== undefined) {
    for (const entry of settings.SLACK_TEAM_TOKENS.split(",")) {
      const [id, token] = entry.trim().split("=", 2);
      if (id?.trim() === team && token) return token.trim();
    }
  }
  return settings.SLACK_BOT_TOKEN;
}

import { type IntegrationMeta, registerIntegration } from "heddle/sdk";
import { whoAmI } from "./who-am-i.ts";

const PREFIX = "github:";

export const integration: IntegrationMeta = {
  integrationType: "github",
  clientIdPrefix: PREFIX,
  userAttribution({ display_name, integration_config }) {
    const login = githubUsername(integration_config);
    const username = display_name ?? login;
    return {
      ...(username && { username }),
      ...(login && { icon_url: `https://github.com/${encodeURIComponent(login)}.png` }),
    };
  },
  resolveDisplayNames(channels) {
    return Object.fromEntries(
      channels
        .filter((channel) => channel.client_id.startsWith(PREFIX))
        .map((channel) => [channel.id, channel.client_id.slice(PREFIX.length)]),
    );
  },
  // A repository itself has no comments; each message names its issue or pull request.
  resolveDispatchConfig: () => null,
  testConnection: ({ signal }) => whoAmI(signal),
};

registerIntegration(integration);

function githubUsername(config: Record<string, unknown>): string | undefined {
  const own = config.github as { github_username?: unknown } | null | undefined;
  return typeof own?.github_username === "string" ? own.github_username : undefined;
}

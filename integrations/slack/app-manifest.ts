// The app as Slack's "Create an app from a manifest" takes it, in YAML, with this server's address.

const SCOPES = [
  ...["app_mentions:read", "channels:history", "channels:read", "chat:write", "chat:write.customize"],
  ...["commands", "files:read", "files:write", "groups:history", "groups:read", "im:history", "im:read"],
  ...["im:write", "mpim:history", "mpim:read", "reactions:read", "reactions:write", "users:read"],
];
const EVENTS = [
  ...["app_mention", "member_joined_channel", "reaction_added", "reaction_removed"],
  ...["message.channels", "message.groups", "message.im", "message.mpim"],
];
const COMMANDS: [string, string, string][] = [
  ["ask", "Ask the bot", "question"],
  ["bot", "Which bot answers here", "[bot]"],
  ["model", "Which model answers here", "[model]"],
  ["reset", "Let the bot forget what was said here", ""],
  ["compact", "Let the bot make notes of what was said here", ""],
  ["stop", "Stop what runs in this channel", ""],
];

/** `url` is the webhook's address; null for Socket Mode, which needs none. */
export function appManifest(name: string, url: string | null): string {
  const address = (key: string, indent: string) =>
    url === null ? [] : [`${indent}${key}: ${JSON.stringify(url)}`];
  const lines = [
    ...["display_information:", `  name: ${JSON.stringify(name)}`],
    ...[
      "features:",
      "  app_home:",
      "    messages_tab_enabled: true",
      "    messages_tab_read_only_enabled: false",
    ],
    ...[
      "  bot_user:",
      `    display_name: ${JSON.stringify(name)}`,
      "    always_online: true",
      "  slash_commands:",
    ],
    ...COMMANDS.flatMap(([command, description, hint]) => [
      ...[`    - command: /${command}`, `      description: ${JSON.stringify(description)}`],
      ...(hint ? [`      usage_hint: ${JSON.stringify(hint)}`] : []),
      ...address("url", "      "),
    ]),
    ...["oauth_config:", "  scopes:", "    bot:", ...SCOPES.map((scope) => `      - ${scope}`)],
    ...["settings:", "  event_subscriptions:", ...address("request_url", "    "), "    bot_events:"],
    ...EVENTS.map((event) => `      - ${event}`),
    ...["  interactivity:", "    is_enabled: true", ...address("request_url", "    ")],
    ...[
      "  org_deploy_enabled: false",
      `  socket_mode_enabled: ${url === null}`,
      "  token_rotation_enabled: false",
    ],
  ];
  return `${lines.join("\n")}\n`;
}

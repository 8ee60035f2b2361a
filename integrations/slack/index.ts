export const meta = { id: "slack", name: "Slack", version: "1.0.0" };

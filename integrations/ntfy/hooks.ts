import { type IntegrationMeta, registerIntegration } from "heddle/sdk";
import { ntfy } from "./client.ts";
import { listenedTopics, TOPIC, warningOf } from "./topic.ts";

export const integration: IntegrationMeta = {
  integrationType: "ntfy",
  clientIdPrefix: "ntfy:",
  resolveDispatchConfig(clientId) {
    const topic = clientId.slice("ntfy:".length);
    return TOPIC.test(topic) ? { type: "ntfy", topic } : null;
  },
  async testConnection({ signal }) {
    const { healthy } = await ntfy.get("/v1/health", { signal }).json<{ healthy?: boolean }>();
    if (healthy !== true) throw new Error("The ntfy server says that it is not healthy.");
    const topics = listenedTopics();
    const listens =
      topics.length > 0 ? `Messages of ${topics.join(", ")} go to the bot.` : "No topic is listened to.";
    return `The ntfy server is healthy. ${listens}${warningOf(topics)}`;
  },
};

registerIntegration(integration);

import { defineConfig, t } from "heddle/sdk";

/** "22:00-06:30"; the end does not belong to it. */
const HOURS = "^$|^([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]$";

/** Settings are looked up at each access, so a change takes effect with the next event. */
export const settings = defineConfig({
  FRIGATE_URL: t.String({ default: "" }),
  FRIGATE_USER: t.String({ default: "" }),
  FRIGATE_PASSWORD: t.String({ default: "" }),
  FRIGATE_API_KEY: t.String({ default: "" }),
  FRIGATE_WEBHOOK_TOKEN: t.String({ default: "" }),
  FRIGATE_MQTT_BROKER: t.String({ default: "" }),
  FRIGATE_MQTT_PORT: t.Integer({ default: 1883, minimum: 1, maximum: 65_535 }),
  FRIGATE_MQTT_USERNAME: t.String({ default: "" }),
  FRIGATE_MQTT_PASSWORD: t.String({ default: "" }),
  FRIGATE_MQTT_TOPIC_PREFIX: t.String({ default: "frigate" }),
  FRIGATE_MQTT_CAMERAS: t.String({ default: "" }),
  FRIGATE_MQTT_LABELS: t.String({ default: "" }),
  FRIGATE_ZONES: t.String({ default: "" }),
  FRIGATE_HOURS: t.String({ default: "", pattern: HOURS, examples: ["22:00-06:00"] }),
  FRIGATE_TIME_ZONE: t.String({ default: "", examples: ["Europe/Berlin"] }),
  FRIGATE_MQTT_MIN_SCORE: t.Number({ default: 0.6, minimum: 0, maximum: 1 }),
  FRIGATE_MQTT_COOLDOWN: t.Integer({ default: 300, minimum: 0 }),
  FRIGATE_LISTEN_TO: t.Union([t.Literal("reviews"), t.Literal("events")], { default: "reviews" }),
  FRIGATE_ACT_ON: t.Union([t.Literal("alert"), t.Literal("detection"), t.Literal("end")], {
    default: "alert",
  }),
  FRIGATE_MOST_PER_HOUR: t.Integer({ default: 20, minimum: 1 }),
  FRIGATE_IGNORE_SUB_LABELS: t.String({ default: "" }),
  FRIGATE_ONE_SESSION: t.Boolean({ default: false }),
  FRIGATE_MAX_CLIP_BYTES: t.Integer({ default: 10_000_000, minimum: 1 }),
  FRIGATE_BOT_ID: t.String({ default: "default" }),
});

/** The words of a list such as "garden, door". */
export const listOf = (text: string): string[] =>
  text
    .split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "");

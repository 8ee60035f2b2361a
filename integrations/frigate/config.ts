import { defineConfig, t } from "heddle/sdk";

/** A value, and values of single cameras after it: "300, door=60". */
const perCamera = (value: string): string => `^(${ITEM}${value})( *, *${ITEM}${value})*$`;
const ITEM = "([A-Za-z0-9_-]+=)?";
const DIGITS = "[0-9]{0,5}";
const SCORE = "(0|1|0?[.][0-9]{1,4}|1[.]0{1,4})";
/** "22:00-06:30"; the end does not belong to it. Empty: always. */
const HOURS = "(([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]|always)";

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
  FRIGATE_HOURS: t.String({
    ...{ default: "", pattern: `^$|${perCamera(HOURS)}` },
    examples: ["22:00-06:00", "22:00-06:00, door=always"],
  }),
  FRIGATE_TIME_ZONE: t.String({ default: "", examples: ["Europe/Berlin"] }),
  FRIGATE_MQTT_MIN_SCORE: t.String({
    default: "0.6",
    pattern: perCamera(SCORE),
    examples: ["0.6, garden=0.8"],
  }),
  FRIGATE_MQTT_COOLDOWN: t.String({
    default: "300",
    pattern: perCamera(`[0-9]${DIGITS}`),
    examples: ["300, door=60"],
  }),
  FRIGATE_LISTEN_TO: t.Union([t.Literal("reviews"), t.Literal("events")], { default: "reviews" }),
  FRIGATE_ACT_ON: t.Union([t.Literal("alert"), t.Literal("detection"), t.Literal("end")], {
    default: "alert",
  }),
  FRIGATE_MOST_PER_HOUR: t.String({
    default: "20",
    pattern: perCamera(`[1-9]${DIGITS}`),
    examples: ["20, street=2"],
  }),
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

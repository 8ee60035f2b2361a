import { defineSetup } from "heddle/sdk";

export const SETUP = defineSetup({
  version: "1.0.0",
  icon: "Camera",
  env_vars: [
    {
      key: "FRIGATE_URL",
      required: true,
      description: "Frigate's address: https://frigate.lan:8971, or http://…:5000 inside",
    },
    { key: "FRIGATE_USER", description: "A user of Frigate, for port 8971; viewer is enough for looking" },
    { key: "FRIGATE_PASSWORD", secret: true, description: "The user's password" },
    { key: "FRIGATE_API_KEY", secret: true, description: "A token instead of user and password" },
    {
      key: "FRIGATE_MQTT_BROKER",
      secret: false,
      description:
        "Host of the MQTT broker, or a URL such as mqtts://host:8883; without it, nothing is listened to",
    },
    { key: "FRIGATE_MQTT_PORT", default: "1883", description: "Port of the broker" },
    { key: "FRIGATE_MQTT_USERNAME", secret: false, description: "User at the broker" },
    { key: "FRIGATE_MQTT_PASSWORD", secret: true, description: "Password at the broker" },
    { key: "FRIGATE_MQTT_TOPIC_PREFIX", default: "frigate", description: "Frigate's topic_prefix" },
    {
      key: "FRIGATE_LISTEN_TO",
      default: "reviews",
      description: "reviews (a stretch of activity), or events (each tracked object)",
    },
    {
      key: "FRIGATE_ACT_ON",
      default: "alert",
      description: "alert, detection (everything) or end (when it is over)",
    },
    { key: "FRIGATE_MQTT_CAMERAS", description: "Only these cameras, separated by commas; empty: all" },
    {
      key: "FRIGATE_MQTT_LABELS",
      description: "Only these objects, such as person, car, garden=cat; empty: all",
    },
    {
      key: "FRIGATE_ZONES",
      secret: false,
      description: "Only what enters one of these zones, such as porch, garden=lawn; empty: all",
    },
    {
      key: "FRIGATE_HOURS",
      secret: false,
      description: "Only at this time of day, such as 22:00-06:00, door=always; empty: always",
    },
    {
      key: "FRIGATE_TIME_ZONE",
      secret: false,
      description: "Where the cameras are, such as Europe/Berlin; empty: the server's time zone",
    },
    {
      key: "FRIGATE_IGNORE_SUB_LABELS",
      description: "Known faces and plates that the bot is not told of, such as ada, ben",
    },
    {
      key: "FRIGATE_MQTT_MIN_SCORE",
      default: "0.6",
      description: "The lowest score of an event, such as 0.6, garden=0.8; reviews have none",
    },
    {
      key: "FRIGATE_MQTT_COOLDOWN",
      default: "300",
      description: "Seconds of silence after a message at a camera, such as 300, door=60",
    },
    {
      key: "FRIGATE_MOST_PER_HOUR",
      default: "20",
      description:
        "At most this many messages an hour for each camera, such as 20, street=2; the rest are summed up",
    },
    {
      key: "FRIGATE_ONE_SESSION",
      default: "false",
      description: "true: one session for all cameras, instead of one for each",
    },
    { key: "FRIGATE_MAX_CLIP_BYTES", default: "10000000", description: "Longer clips are not fetched" },
    {
      key: "FRIGATE_WEBHOOK_TOKEN",
      secret: true,
      description: "For a bridge that posts to the webhook instead of MQTT",
    },
    { key: "FRIGATE_BOT_ID", default: "default", description: "Bot that is told" },
  ],
  webhook: {
    path: "/integrations/frigate/webhook",
    description: "Frigate's messages from a bridge, where MQTT cannot be reached",
    verifier: { scheme: "bearer", secret: "FRIGATE_WEBHOOK_TOKEN" },
  },
  binding: {
    client_id_prefix: "frigate:",
    client_id_placeholder: "frigate:front_door",
    client_id_description:
      "The camera, as Frigate's configuration names it; frigate:events for all with FRIGATE_ONE_SESSION",
    event_types: [
      { value: "alert", label: "Alerts" },
      { value: "detection", label: "Detections" },
      { value: "end", label: "Ends" },
    ],
    config_fields: [
      { key: "cameras", type: "string", label: "Cameras", description: "With commas; empty: all" },
      {
        key: "labels",
        type: "string",
        label: "Objects",
        description: "Separated by commas, such as person, car; empty: all",
      },
      { key: "zones", type: "string", label: "Zones", description: "With commas; empty: all" },
      { key: "min_score", type: "number", label: "Least score", description: "0 to 1; reviews have none" },
    ],
  },
  activation: {
    carapaces: ["frigate"],
    description: "Bots in the channel can look through cameras and find what they saw",
  },
});

import { defineSetup } from "heddle/sdk";

export const SETUP = defineSetup({
  version: "1.0.0",
  icon: "Home",
  env_vars: [
    {
      key: "HOMEASSISTANT_URL",
      required: true,
      description: "Home Assistant's address: http://homeassistant.local:8123",
    },
    {
      key: "HOMEASSISTANT_TOKEN",
      secret: true,
      description: "A long-lived access token (your profile → Security), if nobody is to sign in here",
    },
    {
      key: "HOMEASSISTANT_ENTITIES",
      secret: false,
      description:
        "Entities whose changes a bot is told of, separated by commas: binary_sensor.front_door, alarm_control_panel.*",
    },
    {
      key: "HOMEASSISTANT_COOLDOWN",
      secret: false,
      default: "60",
      description: "Seconds of silence after a message, for each entity",
    },
    {
      key: "HOMEASSISTANT_ALLOWED_SERVICES",
      secret: false,
      default:
        "light.*, switch.*, scene.*, script.*, media_player.*, notify.*, weather.get_forecasts, calendar.get_events, todo.get_items",
      description: "Services that bots may call, separated by commas; locks and alarms are not among them",
    },
    { key: "HOMEASSISTANT_BOT_ID", secret: false, default: "default", description: "Bot that answers" },
  ],
  binding: {
    client_id_prefix: "homeassistant:",
    client_id_placeholder: "homeassistant:binary_sensor.front_door",
    client_id_description: "An entity, or the conversation of an event heddle_ask",
    event_types: [
      { value: "state_changed", label: "Changes of states" },
      { value: "heddle_ask", label: "Questions of automations" },
    ],
  },
  activation: {
    carapaces: ["homeassistant"],
    description: "Bots in the channel can look at the home's states and call its services",
  },
});

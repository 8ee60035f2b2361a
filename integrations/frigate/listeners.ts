import { listen } from "heddle/sdk";
import { catchUp } from "./catch-up.ts";
import { settings } from "./config.ts";
import { listenToFrigate } from "./mqtt.ts";

listen({
  name: "mqtt",
  // If the broker does not answer a ping within this time, the connection counts as dead.
  silenceSeconds: 60,
  when: () => settings.FRIGATE_MQTT_BROKER !== "",
  run: listenToFrigate,
  catchUp: ({ since, signal }) => catchUp(since, signal),
});

import { defineConfig, t } from "heddle/sdk";

/** Settings are looked up at each access, so a change takes effect with the next event. */
export const settings = defineConfig({
  HOMEASSISTANT_URL: t.String({ default: "" }),
  HOMEASSISTANT_TOKEN: t.String({ default: "" }),
  HOMEASSISTANT_ENTITIES: t.String({ default: "" }),
  HOMEASSISTANT_COOLDOWN: t.Integer({ default: 60, minimum: 0 }),
  HOMEASSISTANT_ALLOWED_SERVICES: t.String({
    default:
      "light.*, switch.*, scene.*, script.*, media_player.*, notify.*, weather.get_forecasts, calendar.get_events, todo.get_items",
  }),
  HOMEASSISTANT_BOT_ID: t.String({ default: "default" }),
});

/** Whether one of the patterns, separated by commas, matches; `*` is any text. */
export function isListed(patterns: string, name: string): boolean {
  return patterns
    .split(",")
    .map((pattern) => pattern.trim())
    .some((pattern) => pattern !== "" && fits(pattern, name));
}

/** Compares without a regular expression, because nothing that a person writes may cost more than its length. */
function fits(pattern: string, name: string): boolean {
  const [first = "", ...rest] = pattern.split("*");
  if (rest.length === 0) return pattern === name;
  if (!name.startsWith(first)) return false;
  const last = rest.pop() ?? "";
  let at = first.length;
  for (const part of rest) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return name.length - last.length >= at && name.endsWith(last);
}

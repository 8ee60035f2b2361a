import { defineConfig, t } from "heddle/sdk";

/** Settings are looked up at each access, so a change takes effect with the next notification. */
export const settings = defineConfig({
  NTFY_URL: t.String({ default: "https://ntfy.sh" }),
  NTFY_TOKEN: t.String({ default: "" }),
  NTFY_USER: t.String({ default: "" }),
  NTFY_PASSWORD: t.String({ default: "" }),
  NTFY_LISTEN: t.String({ default: "" }),
  NTFY_BOT_ID: t.String({ default: "default" }),
  NTFY_STREAM: t.Boolean({ default: false }),
});

/** The settings with which Heddle signs in; none of them is set where the server lets everybody read and write. */
export const credentials = (): readonly string[] =>
  settings.NTFY_TOKEN === "" && settings.NTFY_USER !== "" ? ["NTFY_USER", "NTFY_PASSWORD"] : ["NTFY_TOKEN"];

export const isSignedIn = (): boolean => settings.NTFY_TOKEN !== "" || settings.NTFY_USER !== "";

import { isSignedIn, settings } from "./config.ts";

/** As ntfy allows them. */
export const TOPIC = /^[-_A-Za-z0-9]{1,64}$/;

export const listenedTopics = (): string[] =>
  settings.NTFY_LISTEN.split(",")
    .map((topic) => topic.trim())
    .filter(Boolean);

/** Whoever guesses the name of a topic on a public server reads and writes it. */
export function guessable(topics: string[]): string[] {
  const { hostname } = URL.canParse(settings.NTFY_URL) ? new URL(settings.NTFY_URL) : { hostname: "" };
  if (hostname !== "ntfy.sh" || isSignedIn()) return [];
  return topics.filter((topic) => topic.length < 16 || !/\d/.test(topic));
}

export const warningOf = (topics: string[]): string =>
  guessable(topics).length === 0
    ? ""
    : ` Anybody who guesses the name ${guessable(topics).join(", ")} can read and write there: choose a long random name.`;

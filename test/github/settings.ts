import { afterEach } from "bun:test";

const KEYS = [
  "GITHUB_TOKEN",
  "GITHUB_APP_ID",
  "GITHUB_APP_PRIVATE_KEY",
  "GITHUB_WEBHOOK_SECRET",
  "GITHUB_BOT_LOGIN",
  "GITHUB_API_URL",
  "GITHUB_BOT_ID",
  "GITHUB_REACTIONS",
] as const;

/** Lets a test file set the integration's settings, which the stand-alone SDK reads from the environment; each test
 * begins with none. */
export function gitHubSettings(): (values: Partial<Record<(typeof KEYS)[number], string>>) => void {
  const clear = () => {
    for (const key of KEYS) delete process.env[key];
  };
  clear();
  afterEach(clear);
  return (values) => void Object.assign(process.env, values);
}

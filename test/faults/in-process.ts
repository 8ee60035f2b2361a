// Runs the whole server inside the test's process, on its own port.

import { type Heddle, startServer } from "../../src/compose/server.ts";
import { loadConfig } from "../../src/config/config.ts";
import type { DatabasePlace } from "../database.ts";
import { ADMIN_KEY } from "./process.ts";
import { WEBHOOK_SECRET } from "./webhooks.ts";

export interface Outside {
  modelUrl: string;
  githubUrl: string;
}

const running = new Set<Heddle>();

/** For `afterEach`: stops what a failed test left running. */
export async function closeAll(): Promise<void> {
  for (const heddle of running) await heddle.close();
  running.clear();
}

export async function startOn(
  { home, databaseUrl }: DatabasePlace,
  { modelUrl, githubUrl }: Outside,
  environment: Record<string, string> = {},
): Promise<Heddle & { url: string }> {
  const heddle = await startServer(
    loadConfig(
      { home, port: "0" },
      {
        ...(databaseUrl && { DATABASE_URL: databaseUrl }),
        API_KEY: ADMIN_KEY,
        LOG_LEVEL: "error",
        OPENAI_BASE_URL: modelUrl,
        GITHUB_API_URL: githubUrl,
        GITHUB_TOKEN: "ghp_of_the_test",
        GITHUB_WEBHOOK_SECRET: WEBHOOK_SECRET,
        ...environment,
      },
    ),
  );
  running.add(heddle);
  return { ...heddle, url: String(heddle.url) };
}

// The models of a server, over a real database.

import { getLogger } from "@logtape/logtape";
import type { Closers } from "../../src/compose/closers.ts";
import { type Models, openModels } from "../../src/compose/models.ts";
import type { Llm, LlmEvent, LlmRequest } from "../../src/llm/llm.ts";
import { createRedactor } from "../../src/redact.ts";
import type { TestDatabase } from "../database.ts";
import { testVault } from "../secrets/test-vault.ts";

export type ModelConfig = Parameters<typeof openModels>[0];

export const NO_MODELS: ModelConfig = {
  allowPrivateHosts: [],
  contextWindow: undefined,
  defaultModel: "gpt-4.1-mini",
  modelEndpoint: undefined,
  modelSettings: undefined,
  modelTimeoutSeconds: 10,
};

export interface TestModels extends Models {
  redact: (text: string) => string;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function testModels(
  db: TestDatabase,
  config: Partial<ModelConfig> = {},
  network?: Parameters<typeof openModels>[4],
): Promise<TestModels> {
  const closers: Closers = [];
  const redactor = createRedactor();
  const models = await openModels(
    { ...NO_MODELS, ...config },
    { db, vault: testVault(), log: getLogger("heddle"), redactor },
    async () => [],
    closers,
    network,
  );
  return {
    ...models,
    redact: redactor.redact,
    async [Symbol.asyncDispose]() {
      for (const close of closers.reverse()) await close();
    },
  };
}

export const environment = (baseUrl: string | undefined, apiKey: string | undefined = "sk-environment") =>
  ({ protocol: "chat_completions", apiKey, baseUrl }) as const;

/** The end of an answer. Throws what the stream throws. */
export async function ask(llm: Llm, model: string, more: Partial<LlmRequest> = {}) {
  const request = {
    model,
    fallbackModels: [],
    messages: [{ role: "user" as const, content: "Hi" }],
    tools: [],
  };
  const events: LlmEvent[] = [];
  for await (const event of llm.stream({ ...request, signal: new AbortController().signal, ...more }))
    events.push(event);
  const done = events.at(-1);
  if (done?.type !== "done") throw new Error("The stream has no end.");
  return done;
}

import { describe, expect, test } from "bun:test";
import { loadConfig } from "../../src/config/config.ts";

const load = (environment: Record<string, string>) => loadConfig({ home: "/nowhere" }, environment);

describe("the model's endpoint", () => {
  test("is none without a variable that names one", () => {
    expect(load({ DEFAULT_MODEL: "x", OPENAI_PROTOCOL: "responses" }).modelEndpoint).toBeUndefined();
  });

  test("speaks the protocol of its variables", () => {
    expect(load({ OPENAI_API_KEY: "sk-1" })).toMatchObject({
      modelEndpoint: { protocol: "chat_completions", apiKey: "sk-1", baseUrl: undefined },
      defaultModel: "gpt-4.1-mini",
    });
    expect(load({ OPENAI_API_KEY: "sk-1", OPENAI_PROTOCOL: "responses" }).modelEndpoint?.protocol).toBe(
      "responses",
    );
    expect(load({ ANTHROPIC_API_KEY: "sk-2" })).toMatchObject({
      modelEndpoint: { protocol: "anthropic", apiKey: "sk-2" },
      defaultModel: "claude-haiku-4-5",
    });
    expect(load({ ANTHROPIC_API_KEY: "sk-2", DEFAULT_MODEL: "x" }).defaultModel).toBe("x");
  });

  test("is OpenAI's where both are named", () => {
    expect(load({ ANTHROPIC_API_KEY: "sk-2", OPENAI_BASE_URL: "http://h/v1" }).modelEndpoint).toMatchObject({
      protocol: "chat_completions",
      apiKey: undefined,
    });
  });

  test.each([
    ["OPENAI_BASE_URL", "https://h/v1/chat/completions", "/chat/completions"],
    ["OPENAI_BASE_URL", "https://h/v1/responses/", "/responses"],
    ["ANTHROPIC_BASE_URL", "https://h/v1/messages", "/messages"],
    ["EMBEDDING_BASE_URL", "https://h/v1/embeddings", "/embeddings"],
    ["TRANSCRIPTION_BASE_URL", "https://h/v1/audio/transcriptions", "/audio/transcriptions"],
  ])("%s is no address of a route (%s)", (name, address, route) => {
    expect(() => load({ [name]: address })).toThrow(`${name} must be an address that ends before "${route}"`);
    expect(() => load({ [name]: "https://h/v1" })).not.toThrow();
  });

  test("has an unknown protocol refused", () => {
    expect(() => load({ OPENAI_PROTOCOL: "grpc" })).toThrow(
      "OPENAI_PROTOCOL must be one of chat_completions, responses",
    );
  });
});

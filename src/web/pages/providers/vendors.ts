// Endpoints with models, as a form to start from. docs/models.md has the same values.

import type { Schema } from "../../api/client.ts";

export interface Vendor {
  label: string;
  about: string;
  adapter: Schema<"NewProvider">["adapter"];
  /** Null: the vendor's own. */
  baseUrl: string | null;
  model: string;
  needsKey: boolean;
  /** What its models are known not to take, which spares the first refusal. */
  unsupported?: Schema<"NewProvider">["unsupported"];
}

const chat = { adapter: "chat_completions" } as const;
const local = { ...chat, needsKey: false } as const;
const hosted = { ...chat, needsKey: true } as const;

// biome-ignore format: a line each
export const VENDORS: Record<string, Vendor> = {
  ollama: { label: "Ollama", about: "Models on a computer of yours", ...local, baseUrl: "http://localhost:11434/v1", model: "llama3.2" },
  openai: { label: "OpenAI", about: "With a key of platform.openai.com", adapter: "responses", baseUrl: null, model: "gpt-5-mini", needsKey: true },
  anthropic: { label: "Anthropic", about: "With a key of console.anthropic.com", adapter: "anthropic", baseUrl: null, model: "claude-sonnet-4-5", needsKey: true },
  gemini: { label: "Gemini", about: "With a key of aistudio.google.com", ...hosted, baseUrl: "https://generativelanguage.googleapis.com/v1beta/openai", model: "gemini-2.5-flash" },
  openrouter: { label: "OpenRouter", about: "Models of many vendors with one key", ...hosted, baseUrl: "https://openrouter.ai/api/v1", model: "anthropic/claude-haiku-4.5" },
  mistral: { label: "Mistral", about: "With a key of console.mistral.ai", ...hosted, baseUrl: "https://api.mistral.ai/v1", model: "mistral-small-latest", unsupported: { "*": ["long_call_ids"] } },
  deepseek: { label: "DeepSeek", about: "With a key of platform.deepseek.com", ...hosted, baseUrl: "https://api.deepseek.com", model: "deepseek-chat" },
  groq: { label: "Groq", about: "With a key of console.groq.com", ...hosted, baseUrl: "https://api.groq.com/openai/v1", model: "llama-3.3-70b-versatile" },
  azure: { label: "Azure", about: "Your own deployment", ...hosted, baseUrl: "https://your-resource.openai.azure.com/openai/v1", model: "your-deployment" },
  lmstudio: { label: "LM Studio", about: "Models on a computer of yours", ...local, baseUrl: "http://localhost:1234/v1", model: "qwen/qwen3-8b" },
  llamacpp: { label: "llama.cpp", about: "One model on your own computer", ...local, baseUrl: "http://localhost:8080/v1", model: "default" },
  vllm: { label: "vLLM", about: "Your own model server", ...local, baseUrl: "http://localhost:8001/v1", model: "Qwen/Qwen3-8B" },
  litellm: { label: "LiteLLM", about: "Your own proxy", ...hosted, baseUrl: "http://localhost:4000/v1", model: "gpt-4.1-mini" },
  other: { label: "Another", about: "Any endpoint that speaks OpenAI's protocol", ...local, baseUrl: "", model: "" },
};

// Endpoints with models that people have most often, as a form to start from.

import type { Schema } from "../../api/client.ts";

export interface Vendor {
  label: string;
  about: string;
  adapter: Schema<"NewProvider">["adapter"];
  /** Null: the vendor's own. */
  baseUrl: string | null;
  model: string;
  needsKey: boolean;
}

export const VENDORS: Record<string, Vendor> = {
  ollama: {
    label: "Ollama",
    about: "Models on a computer of yours",
    adapter: "chat_completions",
    baseUrl: "http://localhost:11434/v1",
    model: "llama3.2",
    needsKey: false,
  },
  openai: {
    label: "OpenAI",
    about: "With a key of platform.openai.com",
    adapter: "responses",
    baseUrl: null,
    model: "gpt-5-mini",
    needsKey: true,
  },
  anthropic: {
    label: "Anthropic",
    about: "With a key of console.anthropic.com",
    adapter: "anthropic",
    baseUrl: null,
    model: "claude-sonnet-4-5",
    needsKey: true,
  },
  other: {
    label: "Another",
    about: "Any endpoint that speaks OpenAI's protocol",
    adapter: "chat_completions",
    baseUrl: "",
    model: "",
    needsKey: false,
  },
};

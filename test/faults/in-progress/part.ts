import type { ServerResponse } from "node:http";
import { ADMIN_KEY } from "../process.ts";

/** What a model is asked. */
export interface Asked {
  messages: { role: string; content: string }[];
}

export interface Running {
  url: string;
  pid: number;
}

/** Something that is in progress when the server is killed. */
export interface Part {
  environment?: Record<string, string>;
  /** Answers what the model is asked, if it is this part's. */
  answer?(asked: Asked, response: ServerResponse): boolean;
  /** Resolves when it is in progress. */
  begin(server: Running): Promise<void>;
  /** Called between the servers. */
  whileDown?(): Promise<void>;
  /** Expects of the next server that it went on. */
  check(server: Running): Promise<void>;
  close?(): Promise<void> | void;
}

export const delta = (content: object, finish_reason: string | null = null) =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta: content, finish_reason }] })}\n\n`;

/** The whole of an answer, or the rest of it. */
export const spoken = (text: string): string =>
  `${delta({ content: text })}${delta({}, "stop")}data: [DONE]\n\n`;

export const lastText = ({ messages }: Asked): string =>
  String(messages.findLast(({ role }) => role === "user")?.content);

export const post = ({ url }: Running, path: string, body: object, headers: Record<string, string> = {}) =>
  fetch(`${url}/api/v1${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${ADMIN_KEY}`, "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });

// biome-ignore lint/suspicious/noExplicitAny: answers are checked field by field
export async function posted(server: Running, path: string, body: object): Promise<any> {
  const response = await post(server, path, body);
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

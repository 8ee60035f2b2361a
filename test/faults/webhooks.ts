// Signed GitHub webhooks: pull requests, each requesting a review.

import { createHmac } from "node:crypto";

export const WEBHOOK_SECRET = "webhook-secret-of-the-fault-tests";

export interface Webhook {
  /** X-GitHub-Delivery */
  id: string;
  /** "owner/repo": one session each. */
  repo: string;
  /** "owner/repo#number": one comment each. */
  issue: string;
  event: string;
  body: string;
}

/** `count` pull requests, distributed over that many repositories. */
export function pullRequests(count: number, repositories: number): Webhook[] {
  return Array.from({ length: count }, (_, index) => {
    const number = index + 1;
    const name = `repo-${index % repositories}`;
    const payload = {
      action: "opened",
      number,
      pull_request: {
        number,
        title: `Change ${number}`,
        user: { login: "alice" },
        head: { ref: "topic", sha: "0123456789abcdef" },
        base: { ref: "main" },
        additions: 3,
        deletions: 1,
        changed_files: 2,
        body: "What it does, and why.",
      },
      repository: { name, full_name: `acme/${name}`, owner: { login: "acme" } },
      sender: { login: "alice" },
    };
    return {
      id: crypto.randomUUID(),
      repo: `acme/${name}`,
      issue: `acme/${name}#${number}`,
      event: "pull_request",
      body: JSON.stringify(payload),
    };
  });
}

export const signature = (body: string | Uint8Array, secret = WEBHOOK_SECRET): string =>
  `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;

/** Rejects if the server is unreachable or dies during the request. */
export function send(url: string, { id, event, body }: Omit<Webhook, "repo" | "issue">): Promise<Response> {
  return fetch(`${url}/integrations/github/webhook`, {
    method: "POST",
    body,
    headers: {
      "content-type": "application/json",
      "x-github-event": event,
      "x-github-delivery": id,
      "x-hub-signature-256": signature(body),
    },
  });
}

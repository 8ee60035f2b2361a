// A call of a tool that waits for a person, with the question posted where the answer will go.

import { ADMIN_KEY } from "./process.ts";

/** Has the offline provider call `create_schedule`, which needs one of the people: "gitea:ada". */
export async function askedAt(url: string, dispatch_config: object, approvers: string[]): Promise<void> {
  async function send(path: string, body: object, method = "POST") {
    const answer = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${ADMIN_KEY}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as { session_id: string };
  }
  const tools = ["create_schedule"];
  await send("/bots/default", { tools }, "PATCH");
  const asking = { name: "Schedules need a person", effect: "require_approval", tools };
  await send("/policies", { ...asking, approval: { approvers } });
  const { session_id } = await send("/sessions", {
    client_id: `web:${crypto.randomUUID()}`,
    bot_id: "default",
  });
  const schedule = { name: "Report", content: "What is new?", cron: "0 8 * * 1" };
  const content = `/create_schedule ${JSON.stringify(schedule)}`;
  await send(`/sessions/${session_id}/messages`, { content, run_agent: true, dispatch_config });
}

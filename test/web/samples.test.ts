// The command that the set-up shows for a terminal, run by a real shell.

import { expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import { commandOf } from "../../src/web/pages/integrations/samples.ts";

const hasTools = Bun.which("curl") !== null && Bun.which("openssl") !== null;

test.skipIf(!hasTools)("the curl command signs a body with quotes and dollars as GitHub would", async () => {
  const { promise: received, resolve } = Promise.withResolvers<{ headers: Headers; body: string }>();
  await using server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      resolve({ headers: request.headers, body: await request.text() });
      return new Response(null, { status: 204 });
    },
  });
  const webhook = { url: `${server.url}integrations/github/webhook`, path: "/integrations/github/webhook" };
  const setup = { webhook: { verifier: { scheme: "github", secret: "GITHUB_WEBHOOK_SECRET" } } };
  const text = JSON.stringify({ title: `it's "quoted" $HOME` });
  const command = commandOf({ id: "github", webhook, setup }, { event: "issues", text, origin: "" });
  const shell = Bun.spawn(["sh", "-c", command], { stdout: "ignore", stderr: "ignore" });
  expect(await shell.exited).toBe(0);
  const { headers, body } = await received;
  expect([body, headers.get("x-github-event")]).toEqual([text, "issues"]);
  // The name of the setting stands where the secret goes.
  const signature = createHmac("sha256", "GITHUB_WEBHOOK_SECRET").update(text).digest("hex");
  expect(headers.get("x-hub-signature-256")).toBe(`sha256=${signature}`);
});

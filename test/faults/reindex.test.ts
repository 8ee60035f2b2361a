// `kill -9` while passages are embedded: after the restart only those are embedded that had no vectors yet.

import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import { eachDatabase } from "../database.ts";
import { type EmbeddingsEndpoint, startEmbeddingsEndpoint } from "../embeddings/embeddings-endpoint.ts";
import { until } from "../until.ts";
import { ADMIN_KEY, ask, killAll, launch } from "./process.ts";

let endpoint: EmbeddingsEndpoint;
beforeAll(() => {
  endpoint = startEmbeddingsEndpoint();
});
afterEach(killAll);
afterAll(() => endpoint.stop());

/** More than are asked for at once. */
const SECTIONS = 120;
const content = Array.from(
  { length: SECTIONS },
  (_, at) => `# ${at}\n\n${at === 0 ? "I drive a car." : `Note ${at}.`}`,
).join("\n\n");

eachDatabase("kill -9 during a re-embedding", (open) => {
  test("it goes on where it stopped, and search uses it when it is complete", async () => {
    const { home, databaseUrl } = await open.place();
    const start = () =>
      launch({
        arguments: ["--home", home, "--port", "0"],
        environment: {
          ...(databaseUrl && { DATABASE_URL: databaseUrl }),
          EMBEDDING_MODEL: "fake",
          EMBEDDING_BASE_URL: endpoint.url,
        },
      });
    /** Resolves with how many passages there are: the document's, and those of the skills, which a start copies meanwhile. */
    const isComplete = async (at: string): Promise<number> => {
      const settled = async () => {
        const before = await ask(at, "/api/v1/admin/reindex");
        await Bun.sleep(1_000);
        return [before, await ask(at, "/api/v1/admin/reindex")];
      };
      const [, { total }] = await until(
        settled,
        ([before, now]) =>
          now.status === "complete" &&
          now.total > SECTIONS &&
          now.done === now.total &&
          before.total === now.total,
        { withinSeconds: 90 },
      );
      return total;
    };
    const first = start();
    const address = await first.started;
    const posted = await fetch(`${address}/api/v1/documents`, {
      method: "POST",
      headers: { authorization: `Bearer ${ADMIN_KEY}`, "content-type": "application/json" },
      body: JSON.stringify({ title: "Notes", content }),
    });
    expect(posted.status).toBe(201);
    const total = await isComplete(address);

    endpoint.asked.length = 0;
    const isStalled = Promise.withResolvers<void>();
    const stall = () => {
      isStalled.resolve();
      return new Promise<undefined>(() => {});
    };
    endpoint.answers.push(() => undefined, stall);
    await ask(address, "/api/v1/admin/reindex", "POST");
    await isStalled.promise;
    const made = endpoint.asked[0]?.length ?? 0;
    expect(await ask(address, "/api/v1/admin/reindex")).toMatchObject({
      status: "running",
      done: made,
      total,
    });
    first.kill("SIGKILL");
    expect(await first.ended).toBe("SIGKILL");

    endpoint.asked.length = 0;
    const second = start();
    const again = await second.started;
    await isComplete(again);
    expect(endpoint.asked.flat()).toHaveLength(total - made);
    const [hit] = await ask(again, "/api/v1/documents/search?q=automobile");
    expect(hit).toMatchObject({ content: "# 0\n\nI drive a car.", lane: "vector", weak: false });
    second.kill("SIGTERM");
    expect(await second.ended).toBe(0);
  }, 180_000);
});

// Passages are embedded again. After the restart only those are that had no vectors yet.

import { expect } from "bun:test";
import { startEmbeddingsEndpoint } from "../../embeddings/embeddings-endpoint.ts";
import { until } from "../../until.ts";
import { ask } from "../process.ts";
import { type Part, posted, type Running } from "./part.ts";

/** More than are asked for at once. */
const SECTIONS = 120;
const content = Array.from(
  { length: SECTIONS },
  (_, at) => `# ${at}\n\n${at === 0 ? "I drive a car." : `Note ${at}.`}`,
).join("\n\n");

/** Resolves with how many passages there are: the document's, and those of the skills, which a start copies meanwhile. */
async function whenComplete({ url }: Running): Promise<number> {
  const settled = async () => {
    const before = await ask(url, "/api/v1/admin/reindex");
    await Bun.sleep(1_000);
    return [before, await ask(url, "/api/v1/admin/reindex")];
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
}

export function reindex(): Part {
  const endpoint = startEmbeddingsEndpoint();
  let [total, made] = [0, 0];
  return {
    environment: { EMBEDDING_MODEL: "fake", EMBEDDING_BASE_URL: endpoint.url },
    async begin(server) {
      await posted(server, "/documents", { title: "Notes", content });
      total = await whenComplete(server);
      endpoint.asked.length = 0;
      const isStalled = Promise.withResolvers<void>();
      const stall = () => {
        isStalled.resolve();
        return new Promise<undefined>(() => {});
      };
      endpoint.answers.push(() => undefined, stall);
      await ask(server.url, "/api/v1/admin/reindex", "POST");
      await isStalled.promise;
      made = endpoint.asked[0]?.length ?? 0;
      expect(await ask(server.url, "/api/v1/admin/reindex")).toMatchObject({
        status: "running",
        done: made,
        total,
      });
    },
    async whileDown() {
      endpoint.asked.length = 0;
    },
    async check(server) {
      await whenComplete(server);
      expect(endpoint.asked.flat()).toHaveLength(total - made);
      const [hit] = await ask(server.url, "/api/v1/documents/search?q=automobile");
      expect(hit).toMatchObject({ content: "# 0\n\nI drive a car.", lane: "vector", weak: false });
    },
    close: () => endpoint.stop(),
  };
}

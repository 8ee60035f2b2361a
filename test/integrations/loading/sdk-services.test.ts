// The SDK of an integration in the server: where its `fetch` may lead.

import { afterAll, expect, test } from "bun:test";
import { createSdkServices } from "../../../src/integrations/loading/sdk-services.ts";
import { isPermanent } from "../../../src/sdk/errors.ts";
import { createMemoryStore } from "../../../src/sdk/memory-store.ts";

const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("reached") });
afterAll(() => server.stop(true));
const url = `http://127.0.0.1:${server.port}`;

function make(
  settings: Record<string, string>,
  allowPrivateHosts: string[] = [],
  ingest?: Parameters<typeof createSdkServices>[1]["documents"]["ingest"],
) {
  const unexpected = () => {
    throw new Error("not called");
  };
  return createSdkServices("camera", {
    sessions: { getOrCreate: unexpected, inject: unexpected, injectEvent: unexpected },
    documents: { ingest: ingest ?? unexpected, search: unexpected },
    settings: { get: (_, key) => settings[key] },
    store: { of: () => createMemoryStore() },
    addSecret: () => {},
    allowPrivateHosts,
  });
}
const isRefused = (promise: Promise<unknown>) => promise.then(() => false, isPermanent) as Promise<boolean>;

test("fetch refuses private addresses and says how to allow them", async () => {
  const { fetch } = make({});
  expect(await isRefused(fetch(url))).toBe(true);
  expect(String(await fetch(url).catch((error) => error))).toContain("setting of the integration");
  expect(await (await make({}, ["127.0.0.0/8"]).fetch(url)).text()).toBe("reached");
});

test("an address in a setting of the integration is allowed, with its port, as long as it is there", async () => {
  const settings: Record<string, string> = { CAMERA_URL: `${url}/api`, OTHER: "http://10.0.0.1" };
  const { fetch, getSetting } = make(settings);
  expect(await isRefused(fetch(url))).toBe(true);
  // It is the integration's when the integration reads it.
  getSetting("CAMERA_URL");
  expect(await (await fetch(`${url}/else/where`)).text()).toBe("reached");
  expect(await isRefused(fetch("http://127.0.0.1:1/"))).toBe(true);
  expect(await isRefused(fetch("http://10.0.0.1/"))).toBe(true);
  settings.CAMERA_URL = "http://192.168.1.5:5000";
  expect(await isRefused(fetch(url))).toBe(true);
  settings.CAMERA_URL = `http://192.168.1.5:5000, ${url}/`;
  expect((await fetch(url)).status).toBe(200);
});

test("a document may hold what the database cannot: it is stored without", async () => {
  let stored: unknown;
  const { ingestDocument } = make({}, [], async (document) => {
    stored = document;
    return { id: "d-1" } as never;
  });
  expect(await ingestDocument({ title: "a\0", content: "b\ud800", metadata: { "\0": ["\udc00"] } })).toBe(
    "d-1",
  );
  expect(stored).toMatchObject({
    integrationId: "camera",
    title: "a\ufffd",
    content: "b\ufffd",
    metadata: { "\ufffd": ["\ufffd"] },
  });
});

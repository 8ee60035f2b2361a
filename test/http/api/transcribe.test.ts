import { beforeAll, expect, test } from "bun:test";
import { getLogger } from "@logtape/logtape";
import { createHooks } from "../../../src/hooks/hooks.ts";
import type { AnyHookContext } from "../../../src/sdk/backend.ts";
import { embeddedDatabase, type TestDatabase } from "../../database.ts";
import { createHttpFixture, STATIC_KEY } from "../fixture.ts";

const open = embeddedDatabase();
let db: TestDatabase;
beforeAll(async () => {
  db = await open();
});

const PATH = "/api/v1/transcribe";
const silence = new Uint8Array(6400);

async function make(options: { endpoint?: boolean; hook?: (ctx: AnyHookContext) => unknown } = {}) {
  const hooks = createHooks({ log: getLogger("heddle"), redact: (text) => text });
  if (options.hook) hooks.register("stt", "before_transcription", options.hook);
  const asked: string[] = [];
  const http = await createHttpFixture(db, {
    transcription: {
      hooks,
      ...(options.endpoint && {
        endpoint: async ({ format }) => {
          asked.push(format);
          return "from the endpoint";
        },
      }),
    },
  });
  const post = async (body: Uint8Array<ArrayBuffer>, type?: string, key = STATIC_KEY) => {
    const headers = new Headers({ authorization: `Bearer ${key}` });
    if (type) headers.set("content-type", type);
    const response = await http.fetch(
      new Request(`http://localhost${PATH}`, { method: "POST", headers, body }),
    );
    // biome-ignore lint/suspicious/noExplicitAny: checked field by field
    return { status: response.status, body: (await response.json()) as any };
  };
  return { ...http, post, asked };
}

test("the endpoint transcribes samples and files", async () => {
  const { post, asked } = await make({ endpoint: true });
  expect(await post(silence)).toEqual({ status: 200, body: { text: "from the endpoint" } });
  expect((await post(silence, "application/octet-stream")).status).toBe(200);
  expect((await post(new Uint8Array([1]), "audio/webm;codecs=opus")).status).toBe(200);
  expect(asked).toEqual(["pcm_f32le", "pcm_f32le", "webm"]);
});

test("a hook's text comes first, and the hook gets the bytes", async () => {
  let seen: AnyHookContext | undefined;
  const { post, asked } = await make({
    endpoint: true,
    hook: (ctx) => {
      seen = ctx;
      return "from the hook";
    },
  });
  const bytes = new Uint8Array([4, 5, 6]);
  expect((await post(bytes, "audio/mpeg")).body).toEqual({ text: "from the hook" });
  expect(seen).toMatchObject({
    bot_id: null,
    session_id: null,
    correlation_id: expect.any(String),
    extra: { audio_format: "mp3", audio_size_bytes: 3, source: "api" },
  });
  expect(seen?.audio).toEqual(bytes);
  expect(asked).toEqual([]);
});

test("a hook that throws or returns nothing is skipped", async () => {
  for (const hook of [
    () => "  ",
    () => null,
    () => {
      throw new Error("broken");
    },
  ]) {
    expect((await (await make({ endpoint: true, hook })).post(silence)).body.text).toBe("from the endpoint");
  }
});

test("without hook and endpoint, the error says what to set", async () => {
  const { status, body } = await (await make()).post(silence);
  expect([status, body.error.code]).toEqual([501, "not_supported"]);
  expect(body.error.message).toContain("OPENAI_API_KEY");
});

test("a wrong body or key is refused", async () => {
  const { post, keyWith } = await make({ endpoint: true });
  expect(await post(new Uint8Array(0))).toMatchObject({ status: 400, body: { error: { field: "body" } } });
  expect(await post(new Uint8Array(0), "audio/wav")).toMatchObject({ status: 400 });
  expect(await post(new Uint8Array(6401))).toMatchObject({ status: 400, body: { error: { field: "body" } } });
  expect(await post(silence, "text/plain")).toMatchObject({ status: 415 });
  expect(await post(new Uint8Array(25 * 1024 * 1024 + 1), "audio/wav")).toMatchObject({ status: 413 });
  expect(await post(silence, undefined, await keyWith("sessions:*"))).toMatchObject({ status: 403 });
  expect(await post(silence, undefined, await keyWith("chat:*"))).toMatchObject({ status: 200 });
  expect(await post(silence, undefined, "hdl_wrong")).toMatchObject({ status: 401 });
});

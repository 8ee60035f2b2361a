import { expect, test } from "bun:test";
import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { webUiFile } from "../../../src/integrations/routing/web-ui.ts";
import { temporaryFolder } from "../harness.ts";

async function folderWithUi() {
  const folder = await temporaryFolder();
  await folder.write({
    "mine/web/dist/index.html": "<p>index",
    "mine/web/dist/assets/a.js": "a()",
    "mine/web/dist/.env": "SECRET=canary",
    "mine/web/dist/.git/config": "canary",
    "mine/web/dist/strange.bin": "x",
    "mine/config.ts": "canary",
    "outside/secret.txt": "canary",
    "mine/web/distant/b.txt": "canary",
  });
  const dist = join(folder.path, "mine/web/dist");
  await symlink(join(folder.path, "outside/secret.txt"), join(dist, "link.txt"));
  await symlink(join(folder.path, "outside"), join(dist, "linked"));
  await symlink(join(dist, ".env"), join(dist, "shown.txt"));
  const get = async (path: string, dir = "web/dist") => {
    const response = await webUiFile(join(folder.path, "mine"), dir, path);
    return response && [response.headers.get("content-type"), await response.text()];
  };
  return { ...folder, get, [Symbol.asyncDispose]: folder[Symbol.asyncDispose] };
}

const PAGE = ["text/html; charset=utf-8", "<p>index"];

test("files are served with their type, and pages of the app get its index", async () => {
  await using ui = await folderWithUi();
  expect(await ui.get("/assets/a.js")).toEqual(["text/javascript; charset=utf-8", "a()"]);
  expect(await ui.get("/strange.bin")).toEqual(["application/octet-stream", "x"]);
  for (const path of ["", "/", "/reports", "/reports/42", "/assets"])
    expect(await ui.get(path)).toEqual(PAGE);
  expect(await ui.get("/assets/gone.js")).toBeUndefined();
});

test("nothing outside the folder, and nothing hidden, is ever served", async () => {
  await using ui = await folderWithUi();
  const paths = [
    "/../../config.ts",
    "/..%2f..%2fconfig.ts",
    "/%2e%2e/%2e%2e/config.ts",
    "/..\\..\\config.ts",
    "/..%5c..%5cconfig.ts",
    "/../distant/b.txt",
    "/.env",
    "/%2eenv",
    "/.git/config",
    "/link.txt",
    "/linked/secret.txt",
    "/shown.txt",
    "/index.html%00.txt",
    "/%zz.txt",
    "//etc/hosts.txt",
  ];
  for (const path of paths) expect([path, await ui.get(path)]).toEqual([path, undefined]);
  // The manifest's check refuses these; even if one got through, nothing would be served.
  for (const dir of ["../outside", "..", ".", "", "/", "web/dist/linked"]) {
    for (const path of ["/secret.txt", "/config.ts", "/outside/secret.txt", "/mine/config.ts"])
      expect([dir, await ui.get(path, dir)]).toEqual([dir, undefined]);
  }
});

test("a file that the browser has is not sent again, and a part of one is sent alone", async () => {
  await using folder = await folderWithUi();
  const get = async (asked: Record<string, string>, path = "/assets/a.js") => {
    const response = await webUiFile(join(folder.path, "mine"), "web/dist", path, {
      asked: new Headers(asked),
    });
    return response && { status: response.status, headers: response.headers, body: await response.text() };
  };
  const whole = await get({});
  const etag = whole?.headers.get("etag") ?? "";
  expect([whole?.status, whole?.headers.get("accept-ranges"), etag]).toEqual([
    200,
    "bytes",
    expect.stringMatching(/^".+"$/),
  ]);
  const changed = whole?.headers.get("last-modified") ?? "";
  const known: Record<string, string>[] = [
    { "if-none-match": etag },
    { "if-none-match": `"other", W/${etag}` },
    { "if-none-match": "*" },
    { "if-modified-since": changed },
  ];
  for (const asked of known) {
    const answer = await get(asked);
    expect([answer?.status, answer?.body, answer?.headers.get("etag")]).toEqual([304, "", etag]);
  }
  const whollyAsked: Record<string, string>[] = [
    { "if-none-match": '"other"', "if-modified-since": changed },
    { "if-modified-since": "Thu, 01 Jan 1970 00:00:00 GMT" },
    { "if-modified-since": "yesterday" },
    { range: "bytes=0-1,3-3" },
    { range: "lines=0-1" },
    { range: "bytes=3-1" },
    { range: "bytes=0-1", "if-range": '"other"' },
  ];
  for (const asked of whollyAsked) expect([asked, (await get(asked))?.status]).toEqual([asked, 200]);
  const part = async (range: string) => {
    const answer = await get({ range, "if-range": etag });
    return [answer?.status, answer?.headers.get("content-range"), answer?.body];
  };
  expect(await part("bytes=0-1")).toEqual([206, "bytes 0-1/3", "a("]);
  expect(await part("bytes=1-")).toEqual([206, "bytes 1-2/3", "()"]);
  expect(await part("bytes=-1")).toEqual([206, "bytes 2-2/3", ")"]);
  expect(await part("bytes=0-999")).toEqual([206, "bytes 0-2/3", "a()"]);
  expect(await part("bytes=3-")).toEqual([416, "bytes */3", ""]);
  expect(await part("bytes=-0")).toEqual([416, "bytes */3", ""]);
  await folder.write({ "mine/web/dist/assets/a.js": "changed()" });
  expect(await get({ "if-none-match": etag })).toMatchObject({ status: 200, body: "changed()" });
});

import { expect, test } from "bun:test";
import fc from "fast-check";
import { HeddleError } from "../../src/errors.ts";
import { innerUrl, parseTarget, type Target } from "../../src/http/target.ts";

/** Creates a request as a listener does, with any request line and Host. */
const arrived = (url: string, host: string | null): Request =>
  ({ url, headers: new Headers(host === null ? {} : { host }) }) as Request;

function parsed(url: string, host: string | null = "heddle.example"): Target | string {
  try {
    return parseTarget(arrived(url, host));
  } catch (error) {
    return error instanceof HeddleError ? error.code : "thrown";
  }
}

const pathOf = (path: string): string => {
  const target = parsed(`http://heddle.example${path}`);
  return typeof target === "string" ? target : target.path;
};

test.each([
  "x",
  "app",
  "nas",
  "a:1",
  "app:80",
  "localhost:8000",
  "localhost.",
  "Heddle.Example",
  "my_app",
  "10.0.0.1:80",
  "[::1]",
  "[::1]:8000",
  "[fe80::1]",
  "xn--bcher-kva.example",
])("%s is a valid host", (host) => {
  expect(parsed(`http://${host.toLowerCase()}/a?b=/c`, host)).toEqual({
    path: "/a",
    hasTrailingSlash: false,
    search: "?b=/c",
  });
});

test.each([
  "",
  "::1",
  "%",
  "[",
  "a b",
  "a/b",
  "x:99999",
  "a@b",
  "a#b",
  "a?b",
  "a\\b",
  "a,b",
  "a, b",
  "..",
  ".",
  "a..b",
  "999.1.1.1",
  "0x7f.1",
  "1",
  "127.1",
  "a%2fb",
  "*",
  "[::1",
  "[::g]",
  "x:y",
  "x:-1",
  "ä",
  "<x>",
])("%p is not a valid host", (host) => {
  // Bun's URL for a host that it cannot use, and for one that it can.
  expect(parsed("/a", host)).toBe("bad_request");
  expect(parsed(`http://heddle.example/a`, host)).toBe("bad_request");
});

test("a request without a Host is refused, unless its URL has one", () => {
  expect(parsed("/a", null)).toBe("bad_request");
  expect(parsed("http://localhost/a", null)).toMatchObject({ path: "/a" });
  expect(parsed("http://localhost", null)).toMatchObject({ path: "/" });
});

test("each path has one spelling", () => {
  expect(pathOf("/%61pi/%7E/%3a%3B%20")).toBe("/api/~/%3A%3B%20");
  expect(pathOf("/a/%c3%bc")).toBe("/a/%C3%BC");
  expect(pathOf("/api/v1/skills/integrations%2fgithub")).toBe("/api/v1/skills/integrations%2Fgithub");
  expect(parsed("http://h/a/")).toEqual({ path: "/a", hasTrailingSlash: true, search: "" });
  expect(parsed("http://h/")).toEqual({ path: "/", hasTrailingSlash: false, search: "" });
  expect(parsed("http://h/?x")).toEqual({ path: "/", hasTrailingSlash: false, search: "?x" });
});

test.each([
  "//a",
  "/a//b",
  "/a//",
  "//",
  "/./a",
  "/a/..",
  "/a/../b",
  "/a;b",
  "/a\\b",
  "/a#b",
  "/a?b#c",
  "/a%2fb",
  "/a%5Cb",
  "/a%00",
  "/a%0a",
  "/a%7f",
  "/a%",
  "/a%zz",
  "/a%c0%af",
  "/a%ff",
  "/api%2fv1",
  "/a|b",
  "/a b",
  '/a"b',
  "/integrations/x/..%2f..%2fapi",
])("%s is not a valid path", (path) => {
  expect(pathOf(path)).toBe("not_found");
});

test("an accepted path is always the one that a router reads", () => {
  const piece = fc.oneof(
    fc.constantFrom(
      "/",
      "//",
      ".",
      "..",
      "%2e",
      "%2F",
      "%5c",
      "\\",
      ";",
      "%00",
      "%61",
      "a",
      "api",
      "#",
      "?",
      "@",
      ":",
      "%",
      "é",
    ),
    fc.string({ maxLength: 3, unit: "binary" }),
  );
  fc.assert(
    fc.property(
      fc.constantFrom("x", "app", "localhost"),
      fc.array(piece, { maxLength: 12 }),
      (host, pieces) => {
        const target = parsed(`http://${host}/${pieces.join("")}`, host);
        if (typeof target === "string") return expect(target).toBe("not_found");
        const url = new Request(innerUrl(target)).url;
        // Elysia's own way of finding the path.
        const end = url.indexOf("?");
        expect(url.slice(url.indexOf("/", 11), end < 0 ? undefined : end)).toBe(target.path);
        expect(new URL(url).pathname).toBe(target.path);
      },
    ),
    { numRuns: 2_000 },
  );
});

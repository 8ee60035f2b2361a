import { expect, test } from "bun:test";
import { isAdminPath, isPublicPath } from "../../src/integrations/public-paths.ts";

const setup = {
  webhook: { path: "/integrations/mine/incoming" },
  public_paths: ["/status", "/endpoints/list"],
  admin_paths: ["/endpoints", "/integrations/mine/danger/"],
};

test("admin paths cover what is below them, in whatever way they are written, and are never public", () => {
  const isAdmin = (path: string) => isAdminPath("mine", path, setup);
  const admin = [
    "/endpoints",
    "/endpoints/",
    "/endpoints/a/b",
    "/endpoints/list",
    "//endpoints/a",
    "/%65ndpoints",
    "/endpoints%2fa",
    "/%65ndpoints/%zz",
    "/endpoints;a=b",
    "/endpoints%00",
    "/webhook/..%2fendpoints",
    "/webhook/%2e%2e%5Cendpoints/a",
    "/Endpoints",
    "/danger",
    "/danger/x",
  ];
  expect(admin.filter((path) => !isAdmin(path))).toEqual([]);
  expect(admin.filter((path) => isPublicPath("mine", path, setup))).toEqual([]);
  const others = ["/", "/endpoint", "/endpointsx", "/status", "/say/endpoints", "/%zz"];
  expect(others.filter(isAdmin)).toEqual([]);
  expect(isAdminPath("mine", "/endpoints", undefined)).toBe(false);
});

test("public are the webhook and the public paths", () => {
  const paths = [
    "/webhook",
    "/webhook/a",
    "/incoming",
    "/incoming/more",
    "/status",
    "/status/",
    "/%73tatus",
    "/",
  ];
  expect(paths.filter((path) => isPublicPath("mine", path, setup))).toEqual([
    "/webhook",
    "/webhook/a",
    "/incoming",
    "/status",
    "/status/",
  ]);
});

test("a part with a colon stands for any one part, and never for an admin path", () => {
  const named = {
    webhook: { path: "/:name" },
    public_paths: ["/rooms/:room/join"],
    admin_paths: ["/endpoints"],
  };
  const paths = [
    "/anything",
    "/anything/",
    "/endpointsx",
    "/rooms/1/join",
    "/",
    "/a/b",
    "/rooms/1/leave",
    "/endpoints",
    "/%65ndpoints",
    "//endpoints",
  ];
  expect(paths.filter((path) => isPublicPath("mine", path, named))).toEqual(paths.slice(0, 4));
});

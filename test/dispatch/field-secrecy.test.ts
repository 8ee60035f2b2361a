import { expect, test } from "bun:test";
import { Type as t } from "@sinclair/typebox";
import { secrecyIn } from "../../src/dispatch/field-secrecy.ts";

const SCHEMA = t.Object({
  channel_id: t.String(),
  token: t.String(),
  handle: t.String({ secret: true }),
  key: t.String({ secret: false }),
  thread: t.Optional(t.Union([t.String(), t.Null()])),
  options: t.Object({ depth: t.Integer(), inner: t.Object({ room: t.String() }) }),
  vault: t.Object({ room: t.String() }, { secret: true }),
  list: t.Array(t.Object({ name: t.String() })),
  labels: t.Record(t.String(), t.String()),
  anything: t.Any(),
  mode: t.Union([t.Literal("a"), t.Literal("b")]),
});

test("declared fields are secret by name or declaration; undeclared fields are encrypted", () => {
  const cases: [path: string, secrecy: string][] = [
    ["channel_id", "by name"],
    ["token", "by name"],
    ["handle", "sealed"],
    ["key", "open"],
    ["thread", "by name"],
    ["options/depth", "by name"],
    ["options/inner/room", "by name"],
    ["options/other", "sealed"],
    ["vault/room", "sealed"],
    ["list/0/name", "by name"],
    ["list/0/other", "sealed"],
    ["labels/any", "by name"],
    ["anything/inside", "sealed"],
    ["anything", "sealed"],
    ["mode", "by name"],
    ["nobody_knows", "sealed"],
    ["toString", "sealed"],
    ["constructor/name", "sealed"],
  ];
  for (const [path, secrecy] of cases) {
    expect([path, secrecyIn(SCHEMA, path.split("/"))]).toEqual([path, secrecy as never]);
  }
  const bare = ["channel_id", "thread_ts", "token", "anything"].map((name) => secrecyIn(undefined, [name]));
  expect(bare).toEqual(["by name", "by name", "sealed", "sealed"]);
  const either = t.Union([t.Object({ room: t.String() }), t.Object({ user: t.String() })]);
  expect([["room"], ["user"], ["other"]].map((path) => secrecyIn(either, path))).toEqual([
    "by name",
    "by name",
    "sealed",
  ]);
});

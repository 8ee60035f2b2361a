import { expect, test } from "bun:test";
import { presentError } from "../../../src/http/api/routes/load-error.ts";

test("a problem of the whole folder, such as a taken name, names no file", () => {
  const folder = "/srv/integrations/mine";
  const reason = 'Tool "my_tool" is already registered by "other"';
  expect(presentError({ folder, error: { reason, file: folder } })).toEqual({
    reason,
    file: null,
    line: null,
    column: null,
  });
  expect(presentError({ folder, error: { reason, file: `${folder}/tools/a.ts`, line: 3 } })).toMatchObject({
    file: "tools/a.ts",
    line: 3,
  });
  expect(presentError({ folder, error: null })).toBeNull();
});

import { expect, test } from "bun:test";
import { withReturned } from "../../src/web/pages/chat/returned.ts";

test("a message that comes back does not replace what has been written since", () => {
  expect(withReturned("The first", "The second")).toBe("The first\n\nThe second");
  expect(withReturned("The first", " ")).toBe("The first");
  // A message may be a file alone.
  expect(withReturned("", "The second")).toBe("The second");
});

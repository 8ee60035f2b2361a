import { expect, test } from "bun:test";
import { createMakeFixture } from "../../src/sessions/fixture.ts";
import { embeddedDatabase } from "../database.ts";
import { createHttpFixture } from "../http/fixture.ts";

const open = embeddedDatabase();

test("neither a fixture nor its name has a secret of the message", async () => {
  const secret = "DEADBEEFCAFE0123456789ABCDEF0042";
  const db = await open();
  const http = await createHttpFixture(db);
  const { session_id } = await http.sessions.getOrCreate({ clientId: "test:1", botId: "default" });
  const { task_id } = await http.sessions.inject(
    { sessionId: session_id, content: `The key ${secret} is old.`, source: "test", runAgent: true },
    "test",
    { fromPerson: true },
  );
  const makeFixture = createMakeFixture({
    db,
    redact: (text) => text.replaceAll(secret, "[redacted]"),
    tools: { get: () => undefined },
  });
  const { file, text } = await makeFixture(String(task_id), { withPlace: true });
  expect(file).toBe("test-the-key-redacted-is-old.yaml");
  expect(text.toUpperCase()).not.toContain(secret);
});

import { expect, test } from "bun:test";
import { getLogger, type Logger } from "@logtape/logtape";
import { followFile } from "../../src/declared/follow-file.ts";
import { temporaryFolder } from "../integrations/harness.ts";
import { until } from "../until.ts";

test("a file that could not be read for a moment is read once it can be, and the log says so once", async () => {
  await using folder = await temporaryFolder();
  await folder.write({ "servers.yaml": "a: 1" });
  const errors: unknown[] = [];
  const log = Object.assign(Object.create(getLogger("heddle")) as Logger, {
    error: (_: string, facts: { reason: unknown }) => void errors.push(facts.reason),
  });
  const read: string[] = [];
  let tries = 0;
  const following = await followFile({
    ...{ path: `${folder.path}/servers.yaml`, log, what: "The servers", absent: { text: "" } },
    read: (text) => ({ ok: true as const, text }),
    onChange: ({ text }) => void read.push(text),
    async readText() {
      tries += 1;
      if (tries < 3) throw new Error("EMFILE: too many open files");
      return "a: 1";
    },
  });
  try {
    await until(() => read.length > 0);
    expect(read).toEqual(["a: 1"]);
    expect([tries, errors]).toEqual([3, ["EMFILE: too many open files"]]);
  } finally {
    await following.close();
  }
});

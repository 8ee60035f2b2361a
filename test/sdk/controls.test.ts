// /reset, /stop and settings of a channel, from the server's own code and from a process.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { createServerControls } from "../../src/compose/controls.ts";
import { createControls } from "../../src/sdk/controls.ts";
import { createSdk } from "../../src/sdk/create.ts";
import { createEnvironmentBackend } from "../../src/sdk/environment.ts";
import { asHeddleError } from "../../src/sdk/errors.ts";
import { eachDatabase } from "../database.ts";
import { createHttpFixture, type HttpFixture } from "../http/fixture.ts";

eachDatabase("conversation controls", (open) => {
  let http: HttpFixture;
  let server: ReturnType<typeof Bun.serve>;
  beforeAll(async () => {
    http = await createHttpFixture(await open());
    server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: (request) => http.fetch(request) });
  });
  afterAll(() => server.stop(true));

  const inProcess = async () =>
    createSdk(
      createEnvironmentBackend({
        HEDDLE_URL: `http://127.0.0.1:${server.port}`,
        HEDDLE_API_KEY: await http.keyWith("admin"),
      }),
    );
  const codeOf = (work: Promise<unknown>) =>
    work.then(
      () => "none",
      (error: unknown) => asHeddleError(error)?.code,
    );

  test.each(["over REST", "in the server"])("%s", async (where) => {
    const child = await inProcess();
    const { getOrCreateSession, injectMessage } = child;
    const { channels, tasks } =
      where === "over REST" ? child : createControls(createServerControls(http, http));
    const place = `test:${crypto.randomUUID()}`;
    expect(await channels.get(place)).toBeUndefined();
    expect(await codeOf(channels.reset(place))).toBe("not_found");

    const sessionId = await getOrCreateSession({ clientId: place, botId: "default" });
    expect(await channels.patch(place, { require_mention: false })).toMatchObject({ require_mention: false });
    const misspelt = await channels.patch(place, { carapaces: ["reviewr"] });
    expect(misspelt.warnings).toEqual(['There is no carapace "reviewr".']);
    expect(await codeOf(channels.patch(place, { requireMention: true }))).toBe("validation");

    const message = { sessionId, content: "Hello", source: "test", runAgent: true };
    const { task_id } = await injectMessage(message);
    const other = await injectMessage(message);
    expect(await tasks.cancel(task_id ?? "")).toBe("cancelled");
    expect(await channels.stop(place)).toEqual([other.task_id ?? ""]);
    expect(await channels.stop(place)).toEqual([]);

    const reset = await channels.reset(place);
    expect(reset.previous_session_id).toBe(sessionId);
    expect((await channels.get(place))?.active_session_id).toBe(reset.session_id);
  });
});

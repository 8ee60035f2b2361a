import { expect, test } from "bun:test";
import { getLogger } from "@logtape/logtape";
import { createIntegrationDirectory } from "../../src/channels/integration-directory.ts";
import type { IntegrationMeta } from "../../src/sdk/types.ts";

const never = () => new Promise<never>(() => {});
const throwing = () => {
  throw new Error("broken");
};

const over = (...metas: IntegrationMeta[]) =>
  createIntegrationDirectory({ metas: () => metas, log: getLogger("heddle"), timeoutMs: 20 });

const meta = (
  integrationType: string,
  clientIdPrefix: string,
  more: Partial<IntegrationMeta> = {},
): IntegrationMeta => ({ integrationType, clientIdPrefix, ...more });

test("a client id belongs to the integration with the longest prefix, not by the text before the colon", () => {
  const directory = over(meta("bluebubbles", "bb:"), meta("mail", "mail:"), meta("list", "mail:list:"));
  expect(["bb:1", "mail:a", "mail:list:a", "mailing:1", "web:1"].map(directory.integrationOf)).toEqual([
    "bluebubbles",
    "mail",
    "list",
    null,
    null,
  ]);
});

test("a failing callback counts as no answer", async () => {
  for (const wrong of [never, throwing]) {
    const directory = over(
      meta("chat", "chat:", {
        resolveDispatchConfig: wrong,
        userAttribution: wrong,
        resolveDisplayNames: wrong,
      }),
    );
    expect(await directory.resolveTarget("chat:1")).toBeNull();
    expect(await directory.attribution("chat", { display_name: "Ann" })).toEqual({ username: "Ann" });
    expect(await directory.displayNames([{ id: "1", client_id: "chat:1" }])).toEqual(new Map());
  }
});

test("attribution comes from the posting integration, sync or async, with only the fields that dispatchers know", async () => {
  const directory = over(
    meta("chat", "chat:", {
      userAttribution: async ({ display_name, integration_config }) => ({
        username: `${display_name} (chat)`,
        icon_url: (integration_config.chat as { avatar: string }).avatar,
        icon_emoji: "",
        avatar_url: "https://example.com/other.png",
      }),
    }),
    meta("forge", "forge:", { userAttribution: () => ({ icon_emoji: ":wrench:" }) }),
  );
  const author = {
    display_name: "Ann",
    integration_config: { chat: { avatar: "https://example.com/a.png" } },
  };
  expect(await directory.attribution("chat", author)).toEqual({
    username: "Ann (chat)",
    icon_url: "https://example.com/a.png",
  });
  expect(await directory.attribution("forge", author)).toEqual({ username: "Ann", icon_emoji: ":wrench:" });
  expect(await directory.attribution("webhook", author)).toEqual({ username: "Ann" });
});

test("display names: each integration is called once for all of its channels, concurrently", async () => {
  const asked: string[][] = [];
  const bothAsked = Promise.withResolvers<void>();
  const names = (prefix: string) => async (channels: { id: string; client_id: string }[]) => {
    asked.push(channels.map(({ client_id }) => client_id));
    if (asked.length === 2) bothAsked.resolve();
    await bothAsked.promise;
    return Object.fromEntries(channels.map(({ id, client_id }) => [id, client_id.slice(prefix.length)]));
  };
  const directory = createIntegrationDirectory({
    metas: () => [
      meta("chat", "chat:", { resolveDisplayNames: names("chat:") }),
      meta("forge", "forge:", { resolveDisplayNames: names("forge:") }),
    ],
    log: getLogger("heddle"),
    timeoutMs: 10_000,
  });
  const shown = await directory.displayNames([
    { id: "1", client_id: "chat:general" },
    { id: "2", client_id: "forge:a/b" },
    { id: "3", client_id: "chat:random" },
    { id: "4", client_id: "web:1" },
  ]);
  expect(asked).toEqual([["chat:general", "chat:random"], ["forge:a/b"]]);
  expect([...shown]).toEqual([
    ["1", "general"],
    ["3", "random"],
    ["2", "a/b"],
  ]);
});

// The mailbox over IMAP, in this process and with a real server. What a whole server does with it is in test/chat-contract.

import { afterAll, expect, test } from "bun:test";
import { fakeHeddle, startListener, useSettings } from "heddle/sdk/testing";
import { withMailbox } from "../../integrations/mail/imap.ts";
import "../../integrations/mail/listeners.ts";
import { followFolder } from "../../integrations/mail/take-new.ts";
import { startCuttingProxy } from "../fakes/cutting-proxy.ts";
import { until } from "../until.ts";
import { hasDovecot, MAILBOX, startDovecot } from "./dovecot.ts";
import { letter } from "./letter.ts";

const heddle = fakeHeddle();
const OURS = ["MAIL_ADDRESS", "MAIL_PASSWORD", "MAIL_TLS", "MAIL_IMAP_HOST", "MAIL_IMAP_PORT"] as const;
afterAll(() => {
  heddle.restore();
  // Settings are those of all test files.
  useSettings(Object.fromEntries(OURS.map((name) => [name, undefined])));
});

if (hasDovecot)
  test("mail that comes once it says that it is connected is taken, though the server ends before its first look", async () => {
    const dovecot = await startDovecot();
    try {
      useSettings({
        ...{ MAIL_ADDRESS: MAILBOX.user, MAIL_PASSWORD: MAILBOX.pass, MAIL_TLS: "off" },
        ...{ MAIL_IMAP_HOST: "127.0.0.1", MAIL_IMAP_PORT: String(dovecot.port) },
      });
      await dovecot.arrive(letter({ id: "before@friends.test" }));
      const first = startListener("imap");
      await first.reported;
      await first.stop();
      await dovecot.arrive(letter({ id: "after@friends.test" }));
      const second = startListener("imap", { since: new Date() });
      const taken = () => heddle.events.map(({ metadata }) => metadata?.message_id);
      expect(await until(taken, (found) => found.length > 0)).toEqual(["<after@friends.test>"]);
      // The connection says how far behind it is.
      const said = () => second.reports.map(([, detail]) => detail).at(-1);
      const shown = await until(said, (detail) => detail?.includes("last mail") === true);
      expect(shown).toMatch(/The last mail came at \S+ \S+ UTC and was taken after \d+ s, found by asking$/);
      await second.stop();
    } finally {
      await dovecot.stop();
    }
  });

if (hasDovecot)
  test("work in a mailbox whose network vanishes fails by itself, so that it is done again", async () => {
    const dovecot = await startDovecot();
    const proxy = await startCuttingProxy(dovecot.port);
    try {
      useSettings({
        ...{ MAIL_ADDRESS: MAILBOX.user, MAIL_PASSWORD: MAILBOX.pass, MAIL_TLS: "off" },
        ...{ MAIL_IMAP_HOST: "127.0.0.1", MAIL_IMAP_PORT: String(proxy.port) },
      });
      const work = withMailbox(
        AbortSignal.timeout(40_000),
        async (client) => {
          proxy.cut();
          await client.list();
        },
        2_000,
      );
      await expect(work).rejects.toThrow(/Socket timeout|closed the connection/);
    } finally {
      proxy.stop();
      await dovecot.stop();
    }
  });

test("a folder with thousands of recent mails is asked for in lines that servers take", async () => {
  useSettings({ MAIL_ADDRESS: MAILBOX.user, MAIL_IMPORT_DAYS: "30" });
  const uids = Array.from({ length: 3_000 }, (_, at) => 1_000_000 + at * 2);
  const lines: string[] = [];
  const client = {
    mailbox: { uidValidity: 7n, uidNext: 2_000_000 },
    getMailboxLock: async () => ({ release() {} }),
    search: async () => uids,
    fetchAll: async (line: string) => {
      lines.push(line);
      return line.split(",").map((uid) => ({ uid: Number(uid), internalDate: new Date() }));
    },
  };
  expect(await followFolder(client as never, "Many")).toMatchObject({ uid: 999_999 });
  expect(lines.join(",").split(",")).toHaveLength(uids.length);
  expect(lines.filter(({ length }) => length > 8_000)).toEqual([]);
  useSettings({ MAIL_IMPORT_DAYS: undefined });
});

import { expect, test } from "bun:test";
import { createApiKeys } from "../../src/access/api-keys.ts";
import { showSignInLink } from "../../src/access/show-sign-in-link.ts";
import { createSignInLinks } from "../../src/access/sign-in-links.ts";
import { createSignIns } from "../../src/access/sign-ins.ts";
import { createLog } from "../../src/log.ts";
import { eachDatabase } from "../database.ts";

const BROWSER = {
  origin: "https://heddle.example",
  host: "heddle.example",
  userAgent: "",
  address: "127.0.0.1",
};

eachDatabase("the link at the start", (open) => {
  test("is printed on a terminal, elsewhere until somebody has signed in, and never logged", async () => {
    const db = await open();
    const lines: string[] = [];
    const log = await createLog({
      level: "debug",
      format: "json",
      redact: (text) => text,
      write: (line) => lines.push(line),
    });
    const apiKeys = createApiKeys({ db, log });
    const signInLinks = createSignInLinks({ db, minutes: 15 });
    const limits = { idleMs: 60_000, absoluteMs: 60_000 };
    const signIns = createSignIns({ db, log, apiKeys, links: signInLinks, limits });
    const start = async ({ isInteractive = false, hasApiKey = false, isReadable = true } = {}) => {
      const shown: string[] = [];
      const show = async (line: string) => {
        shown.push(line);
        if (!isReadable) throw new Error("ENOSPC: no space left on device, write");
      };
      const terminal = { isInteractive, show };
      const url = "https://heddle.example";
      await showSignInLink({ signIns, signInLinks, url, hasApiKey, linkMinutes: 15, log, terminal });
      return shown[0];
    };

    expect(await start({ hasApiKey: true })).toBeUndefined();
    expect(await start({ hasApiKey: true, isInteractive: true })).toContain(
      "https://heddle.example/sign-in#once_",
    );
    const unread = await start({ isReadable: false });
    expect(lines.join()).toContain("ENOSPC");
    expect(lines.join()).toContain("heddle login-link");
    const token = String(await start()).split("#")[1];
    expect(await signIns.withLink(String(token), BROWSER)).toBeDefined();
    expect(await start()).toBeUndefined();
    expect(await start({ isInteractive: true })).toContain("#once_");
    for (const secret of [token, unread?.split("#")[1]]) expect(lines.join()).not.toContain(String(secret));
    await signIns.close();
    await apiKeys.close();
  });
});

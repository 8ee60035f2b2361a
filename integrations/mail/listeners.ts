// Listens to the mailbox: IDLE reports new mail at once, and a regular check finds it where IDLE does not work or has fallen silent.

import { type ListenContext, listen } from "heddle/sdk";
import { isSetUp } from "./account.ts";
import { listOf, ownAddress, settings, usesGmailApi } from "./config.ts";
import { catchUpOnGmail, listenToGmail } from "./gmail/listen.ts";
import { inWords, openMailbox } from "./imap.ts";
import { type LastMail, lastMailText } from "./last-mail.ts";
import { followFolder, takeNew } from "./take-new.ts";

/** The server answers within this time, or the connection counts as dead. */
const SILENCE_SECONDS = 60;
/** Folders with what the mailbox itself has written, or with what nobody wants answered. */
const NEVER = ["\\Sent", "\\Drafts", "\\Trash", "\\Junk"];

listen({
  name: "imap",
  silenceSeconds: SILENCE_SECONDS,
  when: () => isSetUp() && !usesGmailApi(),
  run: listenToMailbox,
});

listen({
  name: "gmail",
  silenceSeconds: SILENCE_SECONDS,
  when: () => isSetUp() && usesGmailApi(),
  run: listenToGmail,
  catchUp: catchUpOnGmail,
});

async function listenToMailbox(ctx: ListenContext): Promise<void> {
  const { client, lost, close } = await openMailbox(ctx.signal);
  let news = Promise.withResolvers<void>();
  client.on("exists", () => news.resolve());
  client.on("response", ctx.alive);
  try {
    await Promise.race([watch().catch(inWords), lost]);
  } finally {
    close();
  }

  async function watch(): Promise<never> {
    const folders = await wantedFolders();
    for (const folder of folders) await followFolder(client, folder);
    const shown = `as ${ownAddress()}, ${folders.join(", ")}`;
    let wasTold = false;
    ctx.connected(shown);
    for (;;) {
      news = Promise.withResolvers<void>();
      let last: LastMail | undefined;
      // The first folder comes last, so that the connection stays in it and is told of new mail there.
      for (const folder of folders.toReversed()) last = (await takeNew(client, folder, ctx)) ?? last;
      if (last) ctx.connected(shown + lastMailText(last, wasTold ? "IDLE" : "asking"));
      wasTold = await pause(news.promise, settings.MAIL_POLL_SECONDS * 1000);
      // Ends IDLE, and shows that the server is still there.
      await client.noop();
      ctx.alive();
    }
  }

  async function wantedFolders(): Promise<string[]> {
    const there = await client.list();
    const wanted = listOf(settings.MAIL_FOLDERS);
    for (const name of wanted) {
      const folder = there.find(({ path }) => path === name || path.toUpperCase() === name.toUpperCase());
      if (!folder) throw new Error(`MAIL_FOLDERS must name folders of the mailbox; there is no "${name}".`);
      if (NEVER.includes(folder.specialUse ?? ""))
        throw new Error(`MAIL_FOLDERS must not contain "${name}": what is there is not answered.`);
    }
    if (wanted.length === 0) throw new Error("MAIL_FOLDERS must name a folder.");
    return wanted;
  }
}

/** Resolves with true when there is new mail, or with false after this time. */
async function pause(news: Promise<void>, ms: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(resolve, ms, false);
  const wasTold = await Promise.race([news.then(() => true), promise]);
  clearTimeout(timer);
  return wasTold;
}

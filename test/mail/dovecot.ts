// A real IMAP server: Debian's dovecot, with one mailbox. It runs as root, since it lets other users look after logins and mails.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { ImapFlow } from "imapflow";
import { until } from "../until.ts";

export const hasDovecot = Bun.which("dovecot") !== null && process.getuid?.() === 0;
export const MAILBOX = { user: "bot@heddle.test", pass: "password-of-the-mail-test" };

export interface StoredMail {
  flags: string[];
  source: string;
}

export interface Dovecot {
  port: number;
  /** Lets mails arrive in INBOX, all at once. */
  arrive(...mails: string[]): Promise<void>;
  mailsIn(folder: string): Promise<StoredMail[]>;
  /** Ends the processes that serve connections, as a crash or a firewall would. */
  cutConnections(): Promise<void>;
  /** Gives the folder new UIDs. */
  renewUids(): Promise<void>;
  stop(): Promise<void>;
}

/** `introspection` is where an authorization server says whose a token is. */
export async function startDovecot({ introspection }: { introspection?: string } = {}): Promise<Dovecot> {
  // Not in a folder of the run, which other users may not enter.
  const dir = await mkdtemp("/var/tmp/heddle-dovecot-");
  await chmod(dir, 0o755);
  const mails = join(dir, "mail");
  await mkdir(mails);
  spawnSync("chown", ["mail:mail", mails]);
  const port = await freePort();
  const users = join(dir, "users");
  await writeFile(users, `${MAILBOX.user}:{PLAIN}${MAILBOX.pass}\n`);
  // Whatever the umask: another user reads it.
  await chmod(users, 0o644);
  const tokens = join(dir, "oauth2");
  if (introspection !== undefined) {
    await writeFile(
      tokens,
      `introspection_mode = post\nintrospection_url = ${introspection}\nusername_attribute = username\nactive_attribute = active\nactive_value = true\n`,
    );
    await chmod(tokens, 0o644);
  }
  const withTokens = introspection === undefined ? "" : tokenLogin(tokens);
  await writeFile(join(dir, "dovecot.conf"), configuration(dir, port) + withTokens);
  const child: ChildProcess = spawn("dovecot", ["-F", "-c", join(dir, "dovecot.conf")], { stdio: "ignore" });
  try {
    await until(
      () => withClient(port, async () => true).catch(() => false),
      (isUp) => isUp,
    );
  } catch (error) {
    child.kill("SIGTERM");
    throw error;
  }
  return {
    port,
    arrive: (...sources) =>
      withClient(port, async (client) => {
        for (const source of sources) await client.append("INBOX", source.replaceAll("\n", "\r\n"));
      }),
    mailsIn: (folder) =>
      withClient(port, async (client) => {
        const lock = await client.getMailboxLock(folder);
        try {
          const found =
            client.mailbox && client.mailbox.exists > 0
              ? await client.fetchAll("1:*", { source: true, flags: true })
              : [];
          return found.map(({ flags, source }) => ({
            flags: [...(flags ?? [])],
            source: source?.toString() ?? "",
          }));
        } finally {
          lock.release();
        }
      }),
    async cutConnections() {
      for (const pid of await childrenOf(child.pid ?? 0, "imap")) process.kill(pid, "SIGKILL");
    },
    async renewUids() {
      // Dovecot numbers the mails anew when its notes are gone.
      for (const pid of await childrenOf(child.pid ?? 0, "imap")) process.kill(pid, "SIGKILL");
      const inbox = join(mails, MAILBOX.user);
      const notes = (await readdir(inbox)).filter((name) =>
        /^dovecot[-.](uidlist|uidvalidity|index)/.test(name),
      );
      await Promise.all(notes.map((name) => rm(join(inbox, name))));
    },
    async stop() {
      const exited = once(child, "exit");
      child.kill("SIGTERM");
      await exited;
      await rm(dir, { recursive: true, force: true });
    },
  };
}

const tokenLogin = (file: string): string => `
auth_mechanisms = plain login xoauth2 oauthbearer
passdb {
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = ${file}
}
`;

const configuration = (dir: string, port: number): string => `
protocols = imap
base_dir = ${dir}/run
state_dir = ${dir}/run
log_path = ${dir}/log
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
auth_failure_delay = 0
# Several servers of one test use the mailbox, and those that were killed leave connections behind.
mail_max_userip_connections = 100
first_valid_uid = 1
mail_location = maildir:${dir}/mail/%u
service imap-login {
  inet_listener imap {
    port = ${port}
  }
  inet_listener imaps {
    port = 0
  }
}
passdb {
  driver = passwd-file
  args = ${dir}/users
}
userdb {
  driver = static
  args = uid=mail gid=mail home=${dir}/mail/%u
}
namespace inbox {
  inbox = yes
  separator = /
  mailbox Sent {
    auto = create
    special_use = \\Sent
  }
  mailbox Drafts {
    auto = create
    special_use = \\Drafts
  }
  mailbox Trash {
    auto = create
    special_use = \\Trash
  }
}
`;

async function withClient<Result>(
  port: number,
  work: (client: ImapFlow) => Promise<Result>,
): Promise<Result> {
  const client = new ImapFlow({
    ...{ host: "127.0.0.1", port, secure: false, doSTARTTLS: false, auth: MAILBOX },
    ...{ logger: false, disableAutoIdle: true },
  });
  client.on("error", () => undefined);
  try {
    await client.connect();
    await client.mailboxOpen("INBOX");
    return await work(client);
  } finally {
    client.close();
  }
}

/** The processes of this name that dovecot has started. */
async function childrenOf(parent: number, name: string): Promise<number[]> {
  const found: number[] = [];
  for (const pid of (await readdir("/proc")).filter((entry) => /^\d+$/.test(entry))) {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
    const [, command, of] = /^\d+ \((.*)\) \S (\d+)/.exec(stat) ?? [];
    if (command === name && Number(of) === parent) found.push(Number(pid));
  }
  return found;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}

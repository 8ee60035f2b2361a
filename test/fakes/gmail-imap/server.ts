// Gmail's IMAP server for tests, as strict as the real one: it knows the extensions of X-GM-EXT-1, and answers BAD to what it cannot parse and NO to
// what it does not allow (https://developers.google.com/workspace/gmail/imap/imap-extensions).

import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { readCommand, Unreadable } from "./command.ts";
import { createGmailFolders, type GmailFolders, type GmailMessage } from "./mailbox.ts";
import { createSession, type Session } from "./session.ts";

export interface GmailImap {
  port: number;
  mailbox: GmailFolders;
  /** Lets a mail arrive, in INBOX by default. */
  arrive(source: string, labels?: string[]): GmailMessage;
  /** The names of the commands that came, in order. */
  commands: string[];
  /** What was answered with BAD or NO. */
  refusals: string[];
  stop(): Promise<void>;
}

export interface GmailImapOptions {
  user: string;
  /** An app password. */
  pass: string;
  /** The account's own password, which Gmail takes no more. */
  accountPassword?: string;
  /** Whose a token is and what it covers; undefined: nobody's. Without it, there is no sign-in with tokens. */
  grantOf?(token: string): { user: string; scope: string } | undefined;
  /** How long a client may idle before the server ends the connection; Gmail waits about ten minutes. */
  longestIdleMs?: number;
  /** Fewer are allowed at Gmail than elsewhere. */
  mostConnections?: number;
}

const LONGEST_LINE = 8_192;
const LONGEST_LITERAL = 36_000_000;

export async function startGmailImap(options: GmailImapOptions): Promise<GmailImap> {
  const mailbox = createGmailFolders();
  const commands: string[] = [];
  const refusals: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => undefined);
    const say = (...parts: (string | Buffer)[]) => {
      const [first = ""] = parts;
      if (typeof first === "string" && /^\S+ (BAD|NO) /.test(first)) refusals.push(first.trim());
      for (const part of parts) if (!socket.destroyed) socket.write(part);
    };
    const session = createSession({
      ...{ mailbox, commands, say, options },
      isTooMany: () => sockets.size > (options.mostConnections ?? 15),
      end: () => socket.end(),
    });
    socket.on("close", session.close);
    read(socket, session, say);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as { port: number }).port,
    ...{ mailbox, commands, refusals },
    arrive: (source, labels = ["\\Inbox"]) =>
      mailbox.add(Buffer.from(source.replaceAll(/\r?\n/g, "\r\n")), labels),
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** Reads commands, whose literals follow after a line that ends with their size. */
function read(socket: Socket, session: Session, say: (...parts: (string | Buffer)[]) => void): void {
  let buffer = Buffer.alloc(0);
  let pieces: (string | Buffer)[] = [];
  let literal: number | undefined;
  say("* OK Gimap ready for requests\r\n");
  socket.on("data", (chunk) => {
    buffer = Buffer.concat([buffer, chunk]);
    while (take());
  });

  /** Whether it has taken something. */
  function take(): boolean {
    if (literal !== undefined) {
      if (buffer.length < literal) return false;
      pieces.push(buffer.subarray(0, literal));
      buffer = buffer.subarray(literal);
      literal = undefined;
      return true;
    }
    const end = buffer.indexOf("\r\n");
    if (end > LONGEST_LINE || (end < 0 && buffer.length > LONGEST_LINE)) {
      say("* BAD Line too long\r\n");
      socket.end();
      buffer = Buffer.alloc(0);
      return false;
    }
    if (end < 0) return false;
    const line = buffer.subarray(0, end).toString("latin1");
    buffer = buffer.subarray(end + 2);
    if (pieces.length === 0 && session.continues(line)) return true;
    const [whole, size, isUnasked] = /\{(\d+)(\+?)\}$/.exec(line) ?? [];
    if (whole === undefined) {
      handle([...pieces, line]);
      pieces = [];
      return true;
    }
    // LITERAL- allows only short ones to come without being asked for.
    if (Number(size) > LONGEST_LITERAL || (isUnasked && Number(size) > 4_096)) {
      say(`${line.split(" ")[0]} BAD [TOOBIG] Literal too large\r\n`);
      pieces = [];
      return true;
    }
    pieces.push(line.slice(0, -whole.length));
    literal = Number(size);
    if (!isUnasked) say("+ go ahead\r\n");
    return true;
  }

  function handle(command: (string | Buffer)[]): void {
    const tag = String(command[0]).split(" ")[0] || "*";
    try {
      session.handle(readCommand(command));
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      say(`${tag} BAD ${error.message}\r\n`);
    }
  }
}

// One connection: who is signed in, which folder is open, and what it has been told of that folder.

import { type Argument, type Command, isInSet, quoted, textOf, Unreadable } from "./command.ts";
import { fetched } from "./fetch.ts";
import { type Folder, type GmailFolders, type GmailMessage, SETTABLE, uidIn } from "./mailbox.ts";
import { readSearch } from "./search.ts";
import type { GmailImapOptions } from "./server.ts";
import { invalid, mechanismsOf, type Outcome, Refused, signInBy, signInByPassword } from "./sign-in.ts";

export interface Session {
  handle(command: Command): void;
  /** Takes a line that is no command: DONE after IDLE, or what AUTHENTICATE waits for. */
  continues(line: string): boolean;
  close(): void;
}

interface SessionOptions {
  mailbox: GmailFolders;
  commands: string[];
  say(...parts: (string | Buffer)[]): void;
  options: GmailImapOptions;
  isTooMany(): boolean;
  end(): void;
}

const CAPABILITIES =
  "IMAP4rev1 UNSELECT IDLE NAMESPACE QUOTA ID XLIST CHILDREN X-GM-EXT-1 UIDPLUS MOVE ENABLE LITERAL- SPECIAL-USE APPENDLIMIT=35651584";
const BEFORE = "IMAP4rev1 UNSELECT IDLE NAMESPACE QUOTA ID XLIST CHILDREN X-GM-EXT-1 SASL-IR";
const FLAGS = ["\\Answered", "\\Flagged", "\\Draft", "\\Deleted", "\\Seen"];
const TEN_MINUTES_MS = 600_000;

export function createSession({ mailbox, commands, say, options, isTooMany, end }: SessionOptions): Session {
  let isIn = false;
  let folder: Folder | undefined;
  /** The UIDs of which the client knows, in the order of their numbers. */
  let known: number[] = [];
  /** A sign-in that waits for its proof, or for the client to take note that it was refused. */
  let signingIn: { tag: string; mechanism: string; wanted?: string } | undefined;
  let idling: { tag: string; timer: Timer } | undefined;
  const before = [BEFORE, ...mechanismsOf(options).map((name) => `AUTH=${name}`)].join(" ");
  const forget = mailbox.onChange(() => idling && news());

  const HANDLERS: Record<string, (args: Argument[], tag: string) => string | undefined> = {
    CAPABILITY: () => say(`* CAPABILITY ${isIn ? CAPABILITIES : before}\r\n`) as undefined,
    NOOP: () => undefined,
    ID: () => say('* ID ("name" "GImap" "vendor" "Google, Inc.")\r\n') as undefined,
    LOGOUT: () => {
      say("* BYE LOGOUT Requested\r\n");
      setTimeout(end, 0);
      return undefined;
    },
    LOGIN: ([user, pass], tag) =>
      signIn(tag, "LOGIN", () => signInByPassword(options, textOf(user), textOf(pass))),
    AUTHENTICATE: ([name, initial], tag) => {
      const mechanism = textOf(name).toUpperCase();
      if (!mechanismsOf(options).includes(mechanism)) throw new Refused("[CANNOT] Unsupported mechanism");
      if (initial !== undefined)
        return signIn(tag, mechanism, () => signInBy(mechanism, textOf(initial), options));
      signingIn = { tag, mechanism };
      say("+ \r\n");
      return undefined;
    },
    ENABLE: () => say("* ENABLED\r\n") as undefined,
    NAMESPACE: () => say('* NAMESPACE (("" "/")) NIL NIL\r\n') as undefined,
    LIST: () => {
      for (const { name, use } of mailbox.folders.values())
        say(`* LIST (\\HasNoChildren${use === "" ? "" : ` ${use}`}) "/" ${quoted(name)}\r\n`);
      return undefined;
    },
    LSUB: () => {
      for (const { name } of mailbox.folders.values()) say(`* LSUB () "/" ${quoted(name)}\r\n`);
      return undefined;
    },
    SELECT: ([name]) => open(textOf(name)),
    EXAMINE: ([name]) => open(textOf(name)),
    UNSELECT: () => {
      folder = undefined;
      return undefined;
    },
    CREATE: ([name]) => {
      const wanted = textOf(name);
      if (wanted.startsWith("[Gmail]") || wanted.startsWith("\\"))
        throw new Refused("[CANNOT] Folder name is not allowed. (Failure)");
      if (mailbox.folders.has(wanted)) throw new Refused("[ALREADYEXISTS] Duplicate folder name (Failure)");
      mailbox.makeFolder(wanted, "", wanted);
      return undefined;
    },
    APPEND: (args) => append(args),
    IDLE: (_args, tag) => {
      const timer = setTimeout(() => {
        say("* BYE Session expired, please login again.\r\n");
        end();
      }, options.longestIdleMs ?? TEN_MINUTES_MS);
      idling = { tag, timer };
      say("+ idling\r\n");
      news();
      return undefined;
    },
    "UID SEARCH": (args) => search(args),
    "UID FETCH": ([set, items]) => fetch(textOf(set), items ?? []),
    "UID STORE": ([set, what, values]) => store(textOf(set), textOf(what).toUpperCase(), values ?? []),
    "UID MOVE": ([set, to]) => move(textOf(set), textOf(to)),
  };
  const OPEN = ["CAPABILITY", "NOOP", "ID", "LOGOUT", "LOGIN", "AUTHENTICATE"];
  const SELECTED = ["UNSELECT", "IDLE", "UID SEARCH", "UID FETCH", "UID STORE", "UID MOVE"];

  function signIn(tag: string, mechanism: string, prove: () => Outcome): string | undefined {
    if (isIn) throw new Unreadable("Already signed in");
    const outcome = prove();
    if ("challenge" in outcome) {
      signingIn = { tag, mechanism, wanted: outcome.wanted };
      say(`+ ${outcome.challenge}\r\n`);
      return undefined;
    }
    if (isTooMany()) throw new Refused("[ALERT] Too many simultaneous connections. (Failure)");
    isIn = true;
    return outcome.text;
  }

  /** Takes what the client says to a sign-in that is under way. */
  function goOnSigningIn(line: string): void {
    if (!signingIn) return;
    const { tag, mechanism, wanted } = signingIn;
    signingIn = undefined;
    answer(tag, "AUTHENTICATE", () => {
      if (wanted === undefined) return signIn(tag, mechanism, () => signInBy(mechanism, line, options));
      if (line !== wanted) throw new Unreadable("Invalid SASL argument.");
      throw invalid();
    });
  }

  /** Answers a command; some wait for more from the client. */
  function answer(tag: string, name: string, work: () => string | undefined): void {
    try {
      const text = work();
      if (idling?.tag === tag || signingIn?.tag === tag) return;
      if (folder && name !== "SELECT" && name !== "EXAMINE") news();
      say(`${tag} OK ${text ?? `${name} completed`}\r\n`);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      say(`${tag} NO ${error.message}\r\n`);
    }
  }

  function open(name: string): string {
    const found =
      mailbox.folders.get(name) ?? (/^inbox$/i.test(name) ? mailbox.folders.get("INBOX") : undefined);
    folder = found;
    if (!found) throw new Refused(`[NONEXISTENT] Unknown Mailbox: ${name} (Failure)`);
    known = [...found.uids.keys()];
    say(
      `* FLAGS (${FLAGS.join(" ")})\r\n* OK [PERMANENTFLAGS (${FLAGS.join(" ")} \\*)] Flags permitted.\r\n`,
    );
    say(`* OK [UIDVALIDITY ${found.uidValidity}] UIDs valid.\r\n* ${known.length} EXISTS\r\n* 0 RECENT\r\n`);
    say(`* OK [UIDNEXT ${found.uidNext}] Predicted next UID.\r\n`);
    return `[READ-WRITE] ${found.name} selected. (Success)`;
  }

  /** Tells what has come into the open folder and gone from it. */
  function news(): void {
    if (!folder) return;
    const there = folder.uids;
    for (const uid of known.filter((one) => !there.has(one)).toReversed()) {
      say(`* ${known.indexOf(uid) + 1} EXPUNGE\r\n`);
      known.splice(known.indexOf(uid), 1);
    }
    const fresh = [...there.keys()].filter((uid) => !known.includes(uid));
    if (fresh.length === 0) return;
    known.push(...fresh);
    say(`* ${known.length} EXISTS\r\n`);
  }

  const selected = (): Folder => {
    if (!folder) throw new Unreadable("No mailbox selected");
    return folder;
  };
  /** What a set of UIDs names; UIDs that are not there are no error. */
  function named(set: string): { uid: number; message: GmailMessage; sequence: number }[] {
    const { uids } = selected();
    return known.flatMap((uid, at) => {
      const message = uids.get(uid);
      return message && isInSet(set, uid, known.at(-1) ?? 0) ? [{ uid, message, sequence: at + 1 }] : [];
    });
  }

  function search(args: Argument[]): undefined {
    const test = readSearch(args);
    const last = { lastUid: known.at(-1) ?? 0, lastSequence: known.length };
    const found = named("1:*").filter((one) => test({ ...one, ...last }));
    say(`* SEARCH${found.map(({ uid }) => ` ${uid}`).join("")}\r\n`);
  }

  function fetch(set: string, items: Argument): undefined {
    for (const { uid, message, sequence } of named(set)) {
      const withUid = Array.isArray(items) ? items : [items];
      const all = withUid.includes("UID") ? withUid : ["UID", ...withUid];
      say(`* ${sequence} FETCH (`, ...fetched(all, { message, uid, folder: selected() }), ")\r\n");
    }
  }

  function store(set: string, what: string, values: Argument): undefined {
    const [, sign, kind, silent] = /^([+-]?)(FLAGS|X-GM-LABELS)(\.SILENT)?$/.exec(what) ?? [];
    if (kind === undefined) throw new Unreadable("Could not parse command");
    const list = (Array.isArray(values) ? values : [values]).map(textOf);
    const isLabels = kind === "X-GM-LABELS";
    const wrong = list.find((one) => one.startsWith("\\") && !(isLabels ? SETTABLE : FLAGS).includes(one));
    if (wrong !== undefined) throw new Unreadable(`Invalid ${isLabels ? "label" : "flag"}: ${wrong}`);
    if (isLabels && list.some((one) => one === "" || one.startsWith("[Gmail]")))
      throw new Refused("[CANNOT] Invalid label (Failure)");
    for (const { uid, message, sequence } of named(set)) {
      const values = isLabels ? message.labels : message.flags;
      if (sign === "") values.clear();
      for (const one of list) sign === "-" ? values.delete(one) : values.add(one);
      if (silent === undefined)
        say(
          `* ${sequence} FETCH (`,
          ...fetched(["UID", kind], { message, uid, folder: selected() }),
          ")\r\n",
        );
      mailbox.show(message);
    }
  }

  function move(set: string, name: string): string {
    const [from, to] = [selected(), mailbox.folders.get(name)];
    if (!to) throw new Refused(`[TRYCREATE] No folder ${name} (Failure)`);
    const moved = named(set);
    const before = moved.map(({ uid }) => uid);
    for (const { message } of moved) mailbox.move(message, from, to);
    const after = moved.map(({ message }) => uidIn(to, message));
    say(`* OK [COPYUID ${to.uidValidity} ${before.join(",")} ${after.join(",")}]\r\n`);
    return "(Success)";
  }

  function append(args: Argument[]): string {
    const to = mailbox.folders.get(textOf(args[0]));
    if (!to) throw new Refused("[TRYCREATE] No such folder (Failure)");
    const flags = Array.isArray(args[1]) ? args[1].map(textOf) : [];
    const source = Buffer.from(textOf(args.at(-1)), "latin1");
    if (!source.includes("\r\n\r\n")) throw new Refused("[CANNOT] Unable to parse message (Failure)");
    const made = mailbox.add(source, to.label === "" ? [] : [to.label], flags);
    return `[APPENDUID ${to.uidValidity} ${uidIn(to, made)}] (Success)`;
  }

  return {
    handle({ tag, name, args }) {
      commands.push(name);
      const handler = HANDLERS[name];
      if (!handler || (!isIn && !OPEN.includes(name))) throw new Unreadable("Unknown command");
      if (SELECTED.includes(name)) selected();
      answer(tag, name, () => handler(args, tag));
    },
    continues(line) {
      if (signingIn) {
        try {
          goOnSigningIn(line);
        } catch (error) {
          if (!(error instanceof Unreadable)) throw error;
          say(`* BAD ${error.message}\r\n`);
        }
        return true;
      }
      if (!idling) return false;
      const { tag, timer } = idling;
      clearTimeout(timer);
      idling = undefined;
      // Anything but DONE ends the idling with an error.
      say(
        line.toUpperCase() === "DONE"
          ? `${tag} OK IDLE terminated (Success)\r\n`
          : `${tag} BAD expected DONE\r\n`,
      );
      return true;
    },
    close() {
      clearTimeout(idling?.timer);
      forget();
    },
  };
}

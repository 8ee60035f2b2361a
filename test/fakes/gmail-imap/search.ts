// SEARCH with Gmail's keys: X-GM-RAW, X-GM-THRID, X-GM-MSGID and X-GM-LABELS.

import { headerOf } from "../gmail/mailbox.ts";
import { type Argument, isInSet, textOf, Unreadable } from "./command.ts";
import type { GmailMessage } from "./mailbox.ts";

export interface Candidate {
  message: GmailMessage;
  uid: number;
  sequence: number;
  lastUid: number;
  lastSequence: number;
}

type Test = (one: Candidate) => boolean;

const FLAGS = ["ANSWERED", "DELETED", "DRAFT", "FLAGGED", "SEEN"];
const HEADERS = ["FROM", "TO", "CC", "SUBJECT"];
const DATE = /^\d{1,2}-(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)-\d{4}$/i;

/** Throws `Unreadable` for a key that Gmail does not know. */
export function readSearch(args: Argument[]): Test {
  const left = [...args];
  if (String(left[0]).toUpperCase() === "CHARSET") {
    if (textOf(left[1]).toUpperCase() !== "UTF-8") throw new Unreadable("Unknown charset");
    left.splice(0, 2);
  }
  const tests: Test[] = [];
  if (left.length === 0) throw new Unreadable("Could not parse command");
  while (left.length > 0) tests.push(next(left));
  return (one) => tests.every((test) => test(one));
}

function next(left: Argument[]): Test {
  const first = left.shift();
  if (Array.isArray(first)) return readSearch(first);
  const key = textOf(first).toUpperCase();
  const value = (): string => Buffer.from(textOf(left.shift()), "latin1").toString("utf8");
  if (key === "ALL") return () => true;
  if (key === "NOT") return not(next(left));
  if (key === "OR") return or(next(left), next(left));
  if (FLAGS.includes(key)) return hasFlag(key);
  if (key.startsWith("UN") && FLAGS.includes(key.slice(2))) return not(hasFlag(key.slice(2)));
  if (HEADERS.includes(key)) return header(key, value());
  if (key === "HEADER") return header(value(), value());
  if (key === "TEXT" || key === "BODY") return contains(value());
  if (key === "SINCE" || key === "BEFORE") return dated(key, value());
  if (key === "X-GM-THRID") return exactly("thrid", value());
  if (key === "X-GM-MSGID") return exactly("msgid", value());
  if (key === "X-GM-LABELS") return labelled(value());
  if (key === "X-GM-RAW") return raw(value());
  if (key === "UID") {
    const set = value();
    return ({ uid, lastUid }) => isInSet(set, uid, lastUid);
  }
  if (/^[\d*]/.test(key)) return ({ sequence, lastSequence }) => isInSet(key, sequence, lastSequence);
  throw new Unreadable("Could not parse command");
}

const not =
  (test: Test): Test =>
  (one) =>
    !test(one);
const or =
  (first: Test, second: Test): Test =>
  (one) =>
    first(one) || second(one);

const hasFlag =
  (flag: string): Test =>
  ({ message }) =>
    [...message.flags].some((one) => one.toUpperCase() === `\\${flag}`);

const header =
  (name: string, value: string): Test =>
  ({ message }) =>
    headerOf(message.source, name.toLowerCase()).toLowerCase().includes(value.toLowerCase());

const contains =
  (value: string): Test =>
  ({ message }) =>
    message.source.toString("utf8").toLowerCase().includes(value.toLowerCase());

function dated(key: string, value: string): Test {
  if (!DATE.test(value)) throw new Unreadable("Could not parse command");
  const day = Date.parse(`${value} UTC`);
  return ({ message }) => (key === "SINCE" ? message.date.getTime() >= day : message.date.getTime() < day);
}

/** A number of 64 bits, and nothing else. */
function exactly(name: "thrid" | "msgid", value: string): Test {
  if (!/^\d{1,20}$/.test(value)) throw new Unreadable("Could not parse command");
  return ({ message }) => message[name] === value;
}

const labelled =
  (label: string): Test =>
  ({ message }) =>
    [...message.labels].some((one) => one.toLowerCase() === label.toLowerCase());

/** Gmail's own language, as far as the tests use it. */
function raw(query: string): Test {
  const tests = query
    .split(" ")
    .filter((word) => word !== "")
    .map((word): Test => {
      const [name = "", value] = word.split(":");
      if (value === undefined) return contains(name);
      if (HEADERS.includes(name.toUpperCase())) return header(name, value);
      if (name === "label") return labelled(value);
      if (word === "is:unread") return not(hasFlag("SEEN"));
      throw new Error(`The fake does not know "${word}".`);
    });
  return (one) => tests.every((test) => test(one));
}

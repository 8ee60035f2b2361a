// Prepares the embedded database's statements. PGlite makes PostgreSQL parse, analyse and plan a statement on every
// run, which in WebAssembly takes longer than most statements themselves. Statements with the same text are prepared
// here, as the PostgreSQL driver does, between PGlite and its protocol: for a known statement, Parse and Describe are
// answered from memory and Bind refers to it by name. What is left of it goes in one call: each enters WebAssembly anew.

import { type PGlite, protocol } from "@electric-sql/pglite";

/** The least recently used statement is evicted: lists of varying length would create an unlimited number of texts. */
const MAX_STATEMENTS = 256;
/**
 * Total characters of prepared texts. A prepared statement takes up to thirty times its text in WebAssembly memory,
 * which is never given back. Heddle's own have about a thousand characters, including lists of hundreds of values.
 */
const MAX_TOTAL_TEXT = 1_048_576;
/** Longer texts rarely occur twice, and would evict all others. */
const MAX_TEXT = 65_536;
/**
 * A prepared statement may keep a plan from when its tables were small, and the embedded database has no autovacuum
 * process to collect new statistics. So statements are prepared again from time to time.
 */
const MAX_USES = 100;
const MAX_AGE_MS = 30_000;

/** Message types, the first byte of a message. */
const PARSE = 0x50;
const DESCRIBE = 0x44;
const BIND = 0x42;
const EXECUTE = 0x45;
const SYNC = 0x53;
/** A script. */
const QUERY = 0x51;
/** The Describe variant for a statement, not a portal. */
const OF_STATEMENT = 0x53;
/**
 * Size of the type byte and the length. In a Parse the statement's name follows; in the two others it is one byte
 * later.
 */
const HEADER = 5;

type Execute = PGlite["execProtocolStream"];
type Answer = Awaited<ReturnType<Execute>>;

interface Statement {
  name: string;
  uses: number;
  preparedAt: number;
  description?: Answer;
}

const NOTHING: Promise<Answer> = Promise.resolve([]);

/** A message, and the place in it where the statement's name belongs. */
interface Part {
  message: Uint8Array;
  nameAt?: number;
}

const SYNC_MESSAGE = protocol.serialize.sync();
/** Larger messages have memory of their own. */
const MOST_ROOM = 1_048_576;

/** Modifies the client. Scripts (the simple query protocol) are not affected. */
export function prepareStatements(client: PGlite): void {
  const execute: Execute = client.execProtocolStream.bind(client);
  const statements = new Map<string, Statement>();
  /** The statement of the latest Parse; PGlite runs nothing else between a Parse and its Sync. */
  let current: Statement | undefined;
  /** Messages of the statement that are sent together with its Execute. */
  let waiting: Part[] = [];
  const together = createComposer();
  /** The Sync of the statement has been sent already. */
  let isSynced = false;
  let count = 0;
  /** Total characters of the prepared texts. */
  let totalText = 0;

  const forget = async (text: string, options: Parameters<Execute>[1]) => {
    const statement = statements.get(text);
    if (!statement) return;
    statements.delete(text);
    totalText -= text.length;
    await execute(protocol.serialize.close({ type: "S", name: statement.name }), options);
  };

  const parse: Execute = async (message, options) => {
    current = undefined;
    waiting = [];
    isSynced = false;
    if (message.length > MAX_TEXT) return execute(message, options);
    const text = Buffer.from(message.buffer, message.byteOffset, message.length).toString("latin1", HEADER);
    const known = statements.get(text);
    if (known && isFresh(known)) {
      known.uses++;
      // Keep the map in order of last use.
      statements.delete(text);
      statements.set(text, known);
      current = known;
      return [];
    }
    await forget(text, options);
    for (const oldest of statements.keys()) {
      if (statements.size < MAX_STATEMENTS && totalText + text.length <= MAX_TOTAL_TEXT) break;
      await forget(oldest, options);
    }
    const statement = { name: `s${++count}`, uses: 1, preparedAt: performance.now() };
    const answer = await execute(together([{ message, nameAt: HEADER }], statement.name), options);
    statements.set(text, statement);
    totalText += text.length;
    current = statement;
    return answer;
  };

  const runPrepared = async (statement: Statement, message: Uint8Array, options: Parameters<Execute>[1]) => {
    const isDescription = message[0] === DESCRIBE && message[HEADER] === OF_STATEMENT;
    if (isDescription && statement.description) return statement.description;
    const isBind = message[0] === BIND;
    const part: Part = isDescription || isBind ? { message, nameAt: HEADER + 1 } : { message };
    // An error of any of them comes with the Execute, as it would have come with its own.
    if (statement.description && (isBind || (waiting.length > 0 && message[0] === DESCRIBE))) {
      waiting.push(part);
      return [];
    }
    const isLast = waiting.length > 0 && message[0] === EXECUTE;
    const parts = isLast ? [...waiting, part, { message: SYNC_MESSAGE }] : [part];
    waiting = [];
    isSynced = isLast;
    try {
      const answer = await execute(together(parts, statement.name), options);
      if (isDescription) statement.description = answer;
      return answer;
    } catch (error) {
      // The tables may have changed; in any case, prepare the statement again on its next run.
      statement.uses = MAX_USES;
      throw error;
    }
  };

  client.execProtocolStream = (message, options) => {
    if (message[0] === PARSE) return parse(message, options);
    if (message[0] === QUERY) {
      current = undefined;
      isSynced = false;
    }
    if (message[0] === SYNC && isSynced) return NOTHING;
    return current ? runPrepared(current, message, options) : execute(message, options);
  };
}

function isFresh({ uses, preparedAt }: Statement): boolean {
  return uses < MAX_USES && performance.now() - preparedAt < MAX_AGE_MS;
}

/**
 * Returns a function that writes messages one after the other, with the statement's name where they have an empty one. They are
 * valid until the next call, as PGlite has read them when it returns: new memory costs the system more than copying into it.
 */
function createComposer(): (parts: Part[], name: string) => Uint8Array {
  let room = Buffer.alloc(0);
  return (parts, name) => {
    const size = parts.reduce((sum, part) => sum + sizeOf(part, name), 0);
    if (size > MOST_ROOM) return compose(parts, name, Buffer.allocUnsafe(size));
    if (size > room.length) room = Buffer.allocUnsafe(Math.min(MOST_ROOM, 2 * size));
    return compose(parts, name, room.subarray(0, size));
  };
}

const sizeOf = ({ message, nameAt }: Part, name: string): number =>
  message.length + (nameAt === undefined ? 0 : name.length);

function compose(parts: Part[], name: string, into: Buffer): Uint8Array {
  let offset = 0;
  for (const part of parts) {
    const { message, nameAt } = part;
    if (nameAt === undefined) into.set(message, offset);
    else {
      into.set(message.subarray(0, nameAt), offset);
      into.write(name, offset + nameAt, "latin1");
      into.set(message.subarray(nameAt), offset + nameAt + name.length);
      // The length counts itself, but not the type.
      into.writeInt32BE(sizeOf(part, name) - 1, offset + 1);
    }
    offset += sizeOf(part, name);
  }
  return into;
}

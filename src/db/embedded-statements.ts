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

/** Modifies the client. Scripts (the simple query protocol) are not affected. */
export function prepareStatements(client: PGlite): void {
  const execute: Execute = client.execProtocolStream.bind(client);
  const statements = new Map<string, Statement>();
  /** The statement of the latest Parse; PGlite runs nothing else between a Parse and its Sync. */
  let current: Statement | undefined;
  /** Messages of the statement that are sent together with its Execute. */
  let waiting: Uint8Array[] = [];
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
    const answer = await execute(withName(message, HEADER, statement.name), options);
    statements.set(text, statement);
    totalText += text.length;
    current = statement;
    return answer;
  };

  const runPrepared = async (statement: Statement, message: Uint8Array, options: Parameters<Execute>[1]) => {
    const isDescription = message[0] === DESCRIBE && message[HEADER] === OF_STATEMENT;
    if (isDescription && statement.description) return statement.description;
    const isBind = message[0] === BIND;
    const isNaming = isDescription || isBind;
    const named = isNaming ? withName(message, HEADER + 1, statement.name) : message;
    // An error of any of them comes with the Execute, as it would have come with its own.
    if (statement.description && (isBind || (waiting.length > 0 && message[0] === DESCRIBE))) {
      waiting.push(named);
      return [];
    }
    const isLast = waiting.length > 0 && message[0] === EXECUTE;
    const together = isLast ? Buffer.concat([...waiting, message, protocol.serialize.sync()]) : named;
    waiting = [];
    isSynced = isLast;
    try {
      const answer = await execute(together, options);
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

/** Inserts a statement name where the message has an empty one. */
function withName(message: Uint8Array, at: number, name: string): Uint8Array {
  const bytes = Buffer.alloc(message.length + name.length);
  bytes.set(message.subarray(0, at));
  bytes.write(name, at, "latin1");
  bytes.set(message.subarray(at), at + name.length);
  bytes.writeInt32BE(bytes.length - 1, 1);
  return bytes;
}

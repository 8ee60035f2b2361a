// PGlite has PostgreSQL read, check and plan a statement anew at each run, which in WebAssembly takes longer than most
// statements do. What comes by the same text is prepared here instead, as the other database's driver does, between
// PGlite and its protocol: a known statement's Parse and Describe are answered from memory, and its Bind names it.

import { type PGlite, protocol } from "@electric-sql/pglite";

/** The one used longest ago makes room: lists of varying length would have a text each without end. */
const MOST_STATEMENTS = 256;
/**
 * What is prepared takes up to thirty times its text in WebAssembly's memory, which never gives any back. Heddle's own have
 * some thousand characters, lists of hundreds of values included.
 */
const MOST_TEXT = 1_048_576;
/** Longer ones hardly come twice, and would drive out all others. */
const LONGEST_TEXT = 65_536;
/**
 * A prepared statement may keep the plan of the day when its tables were small, and this database has nobody who tells it
 * that they have grown: PostgreSQL's autovacuum is a process of its own. So each is prepared anew now and then.
 */
const MOST_USES = 100;
const OLDEST_MS = 30_000;

/** The first byte of a message. */
const PARSE = 0x50;
const DESCRIBE = 0x44;
const BIND = 0x42;
/** What a Describe is about: a statement, not a portal. */
const OF_STATEMENT = 0x53;
/** The first byte and the length. In a Parse the statement's name comes next; in the two others it is one byte later. */
const HEAD = 5;

type Execute = PGlite["execProtocolStream"];
type Answer = Awaited<ReturnType<Execute>>;

interface Statement {
  name: string;
  uses: number;
  preparedAt: number;
  description?: Answer;
}

/** Changes the client. Scripts (the simple protocol) stay as they are. */
export function prepareStatements(client: PGlite): void {
  const execute: Execute = client.execProtocolStream.bind(client);
  const statements = new Map<string, Statement>();
  /** The one whose Parse came last; PGlite lets nobody in between a Parse and its Sync. */
  let current: Statement | undefined;
  let made = 0;
  /** Characters of the texts that are kept. */
  let kept = 0;

  const forget = async (text: string, options: Parameters<Execute>[1]) => {
    const statement = statements.get(text);
    if (!statement) return;
    statements.delete(text);
    kept -= text.length;
    await execute(protocol.serialize.close({ type: "S", name: statement.name }), options);
  };

  const parse: Execute = async (message, options) => {
    current = undefined;
    if (message.length > LONGEST_TEXT) return execute(message, options);
    const text = Buffer.from(message.buffer, message.byteOffset, message.length).toString("latin1", HEAD);
    const known = statements.get(text);
    if (known && isFresh(known)) {
      known.uses++;
      // The map's order is that of the last use.
      statements.delete(text);
      statements.set(text, known);
      current = known;
      return [];
    }
    await forget(text, options);
    for (const oldest of statements.keys()) {
      if (statements.size < MOST_STATEMENTS && kept + text.length <= MOST_TEXT) break;
      await forget(oldest, options);
    }
    const statement = { name: `s${++made}`, uses: 1, preparedAt: performance.now() };
    const answer = await execute(withName(message, HEAD, statement.name), options);
    statements.set(text, statement);
    kept += text.length;
    current = statement;
    return answer;
  };

  const runPrepared = async (statement: Statement, message: Uint8Array, options: Parameters<Execute>[1]) => {
    const isDescription = message[0] === DESCRIBE && message[HEAD] === OF_STATEMENT;
    if (isDescription && statement.description) return statement.description;
    const isNaming = isDescription || message[0] === BIND;
    try {
      const answer = await execute(isNaming ? withName(message, HEAD + 1, statement.name) : message, options);
      if (isDescription) statement.description = answer;
      return answer;
    } catch (error) {
      // The tables may have changed beneath it; whatever it was, the next run begins from the text.
      statement.uses = MOST_USES;
      throw error;
    }
  };

  client.execProtocolStream = (message, options) => {
    if (message[0] === PARSE) return parse(message, options);
    return current ? runPrepared(current, message, options) : execute(message, options);
  };
}

function isFresh({ uses, preparedAt }: Statement): boolean {
  return uses < MOST_USES && performance.now() - preparedAt < OLDEST_MS;
}

/** The message with a statement's name where it has an empty one. */
function withName(message: Uint8Array, at: number, name: string): Uint8Array {
  const bytes = Buffer.alloc(message.length + name.length);
  bytes.set(message.subarray(0, at));
  bytes.write(name, at, "latin1");
  bytes.set(message.subarray(at), at + name.length);
  bytes.writeInt32BE(bytes.length - 1, 1);
  return bytes;
}

// What the contract needs of a chat service: how people act there, what the bot has posted, and how the service fails.

import type { World } from "./world.ts";

export type Case =
  | "in"
  | "split"
  | "format fallback"
  | "rate limit"
  | "retry"
  | "streaming"
  | "meanwhile"
  | "shown and gone"
  | "conversation gone"
  | "out of order"
  | "limit amid"
  | "odd"
  | "reaction"
  | "approval"
  | "correction"
  | "reconnect"
  | "catch-up";

/** A message of a person to the bot. */
export interface Said {
  room: string;
  id: string;
  /** The thread or topic; what it is differs. */
  conversation: string;
}

/**
 * limit: refused, with 7 seconds in which no more is taken. down: refused by a server that has trouble. unsure: posted, and answered as
 * if it were not. markup: the markup is refused.
 */
export type Trouble = "limit" | "down" | "unsure" | "markup";

/** A test of what only this service has, at the same server. */
export interface OwnCase {
  name: string;
  run(world: World): Promise<void>;
}

/** The same over the one kill that all share, since each start of a server takes seconds. */
export interface KillCase {
  name: string;
  before?(world: World): Promise<void>;
  away?(world: World): void;
  after(world: World): Promise<void>;
}

export interface ChatDriver {
  name: string;
  /** The integration that it drives, and its listener; null: nothing listens. */
  integration: string;
  listener: string | null;
  environment: Record<string, string>;
  /** Why a post whose outcome nobody knows may be made twice; undefined: it is made once. */
  mayDouble?: string;
  /** What the service has not got, and why. */
  lacks: Partial<Record<Case, string>>;
  /** The most characters in one post. */
  limit: number;
  /** Who decides about calls, as policies name them. */
  approver: string;
  /** Called once, when the server runs. */
  prepare?(world: World): Promise<void>;
  /** A place for itself, in which nothing has been said. */
  room(): string;
  /** Room for one case, where the service needs a certain kind. */
  roomFor?: Partial<Record<Case, () => string>>;
  /** A person writes; `after`: in the same conversation. */
  say(room: string, text: string, after?: Said): Said | Promise<Said>;
  /** The service sends what was said again. */
  redeliver(said: Said): void | Promise<void>;
  /** Where the service has edits. */
  edit?(said: Said, text: string): void;
  /** A person deletes what they said, where the service tells of it. */
  remove?(said: Said): void;
  /** A person reacts to what the bot has posted last in the conversation; `isAgain`: the service tells of that twice. */
  react?(said: Said, isAgain?: boolean): void;
  /** What names the bot in a text. */
  mention?: string;
  /** A person posts a file without a word in the conversation. */
  sayFile?(after: Said): Said;
  /** Somebody deletes what the bot shows while it writes; false: it shows nothing that can be deleted yet. */
  removeShown?(said: Said): boolean;
  /** Somebody deletes the thread or topic. */
  removeConversation?(said: Said): void;
  /** What the bot has posted in the room itself, outside of threads and topics. */
  postsInRoom?(room: string): string[];
  /** A person writes and edits that at once, and the service tells of the edit first. */
  editFirst?(room: string, text: string, edited: string): Said | Promise<Said>;
  /** The service tells of something that the bot itself has written. */
  echo(said: Said, text: string): void | Promise<void>;
  /** Another bot writes in the conversation, to this one, where the service tells bots from people. */
  saysBot?(said: Said, text: string): void | Promise<void>;
  /** What the bot has posted in the conversation and is finished, oldest first. */
  posts(said: Said): string[] | Promise<string[]>;
  /** What those saw who watched while it was written. */
  previews?(said: Said): string[];
  /** Begins trouble in a room; returns what ends it. */
  trouble(room: string, kind: Trouble): () => void;
  /** The question about a call in the conversation, as it is shown now. */
  question?(said: Said): Question | undefined | Promise<Question | undefined>;
  /** Why a question reads the same once it is decided; undefined: it then says how. */
  questionStays?: string;
  /** Presses "yes"; resolves with what the person is told. */
  press?(said: Said, question: Question): Promise<string>;
  /** The same by somebody who is not asked, or with a link that is not the one that was sent. */
  forge?(said: Said, question: Question): Promise<string>;
  /** How often the integration has connected. */
  connections(): number;
  /** The network drops the integration's connections. */
  drop?(): void;
  /** The integration's connections carry nothing any more, and nobody is told. */
  cut?(): void;
  /** The server is back after it was away, and the integration is connected. */
  back?(): void | Promise<void>;
  own?: OwnCase[];
  overKill?: KillCase;
  /** Those that must come when all the rest is over. */
  ownLast?: OwnCase[];
  stop(): void | Promise<void>;
}

export interface Question {
  text: string;
  /** Names the button for "yes"; undefined once it has none. */
  yes: string | undefined;
}

// Decides, when a message arrives, where its outcome goes and where the message itself is posted. Each target gets a
// message once, and nothing is sent back to where it came from.

import { createHash } from "node:crypto";
import type { IntegrationDirectory } from "../channels/integration-directory.ts";
import type { JsonObject, PostAuthor } from "../db/schema.ts";
import type { CheckConfig, ConfigSealer } from "../dispatch/seal-config.ts";
import { errorMessage } from "../errors.ts";
import type { Logger } from "../log.ts";
import { canonical } from "../schema/canonical.ts";
import type { InjectMessage } from "../sdk/types.ts";
import type { Destination } from "./find-destinations.ts";

export interface Target {
  type: string;
  config: JsonObject;
}

export interface PostTarget extends Target {
  author: PostAuthor;
  /** Whether it goes into the thread that the target names; a mirrored post starts its own thread. */
  inThread: boolean;
}

export interface Targets {
  /**
   * `conversation` returns what runs of one session with one target have in common; null if no target gets the
   * answer.
   */
  answer: Target & { conversation(sessionId: string): string | null };
  /** Other places that get the outcome. */
  mirrors: Target[];
  /** Places that get the message itself. */
  posts: PostTarget[];
}

export interface Wanted {
  message: Pick<InjectMessage, "runAgent" | "notify" | "dispatchConfig" | "author" | "source">;
  destination: Destination;
  /** Set for an event that came to the channel through a binding. */
  event?: {
    clientId: string;
    /** Targets already served by another channel of this event; this channel's targets are added. */
    taken: Taken;
  };
}

export interface Taken {
  answers: Set<string>;
  posts: Set<string>;
}

export interface TargetsOptions {
  directory: Pick<IntegrationDirectory, "integrationOf" | "resolveTarget" | "attribution">;
  checkConfig: CheckConfig;
  sealer: ConfigSealer;
  /** Resolves when the integrations have loaded; before that the one that knows the place may be missing. */
  integrationsReady: Promise<unknown>;
  log: Logger;
}

/** A place that may get the message. */
interface Candidate {
  config: JsonObject;
  /** The place's client id; undefined for the target that the message names. */
  clientId?: string;
  /** True for a place that gets the message because it belongs to the channel, not because the message named it. */
  isMirror: boolean;
}

const NONE: Targets["answer"] = { type: "none", config: {}, conversation: () => null };

/** Throws `validation` for a dispatch_config that does not fit its type. */
export function createTargets(options: TargetsOptions): (wanted: Wanted) => Promise<Targets> {
  const { directory, checkConfig, sealer } = options;

  /** The dispatch_config that the place's integration gives; null when there is none or it is invalid. */
  const resolve = async (clientId: string): Promise<JsonObject | null> => {
    const config = await directory.resolveTarget(clientId);
    try {
      return config && (await checkConfig(config));
    } catch (error) {
      options.log.error(
        "The dispatch_config that an integration gives for {client_id} is not usable: {reason}",
        {
          client_id: clientId,
          reason: errorMessage(error),
        },
      );
      return null;
    }
  };

  const opened = (config: JsonObject | null, table: string, row: string): JsonObject | null =>
    config && sealer.open(config, { table, row, field: "dispatch_config" });

  const ofChannel = async ({ message, destination, event }: Wanted): Promise<Candidate[]> => {
    const { client_id: clientId } = destination;
    const session_config = opened(destination.session_config, "sessions", destination.session_id);
    const channel_config = opened(destination.channel_config, "channels", destination.channel_id);
    const ownCount = message.dispatchConfig ? 1 : 0;
    const found: Candidate[] = [];
    const add = (config: JsonObject | null, from = clientId) => {
      if (config)
        found.push({ config, clientId: from, isMirror: event !== undefined || found.length + ownCount > 0 });
    };
    // A message's own target replaces the session's; an event reaches the channel with all its places.
    if (event || ownCount === 0) add(session_config);
    add(channel_config);
    if (!session_config && !channel_config && (event || ownCount === 0)) {
      if (directory.integrationOf(clientId) === null) await options.integrationsReady;
      add(await resolve(clientId));
    }
    const mirrors = await Promise.all(
      (destination.mirrors ?? []).map(async ({ id, client_id, dispatch_config }) => ({
        client_id,
        config: opened(dispatch_config, "channel_bindings", id) ?? (await resolve(client_id)),
      })),
    );
    for (const { client_id, config } of mirrors) {
      if (config) found.push({ config, clientId: client_id, isMirror: true });
    }
    return found;
  };

  /** Returns the place that the message came from: the event's, or the channel's own if its integration sent it. */
  const originOf = ({ message, destination, event }: Wanted): string | undefined => {
    if (event) return event.clientId;
    return directory.integrationOf(destination.client_id) === message.source
      ? destination.client_id
      : undefined;
  };

  const isOrigin = ({ clientId, config }: Candidate, origin: string | undefined): boolean => {
    if (origin === undefined || clientId !== origin) return false;
    // Answers may go elsewhere, for example from events of a repository to a chat.
    const integration = directory.integrationOf(origin);
    return integration === null || config.type === integration;
  };

  const distinct = (candidates: Candidate[], taken: Set<string>): Candidate[] =>
    candidates.filter(({ config }) => {
      if (config.type === "none") return false;
      const key = canonical(config);
      if (taken.has(key)) return false;
      taken.add(key);
      return true;
    });

  return async (wanted) => {
    const { message, event } = wanted;
    const { answers, posts } = event?.taken ?? { answers: new Set(), posts: new Set() };
    const own: Candidate[] = message.dispatchConfig
      ? [{ config: await checkConfig(message.dispatchConfig), isMirror: false }]
      : [];
    const candidates = message.notify === false ? [] : await ofChannel(wanted);
    const origin = originOf(wanted);
    const others = candidates.filter((candidate) => !isOrigin(candidate, origin));

    if (!message.runAgent) {
      return {
        answer: NONE,
        mirrors: [],
        posts: await posted(distinct([...own, ...others], posts), message),
      };
    }
    // The answer returns to where the question came from; the question does not.
    const replies = candidates.filter(({ isMirror }) => !isMirror);
    const mirrors = others.filter(({ isMirror }) => isMirror);
    const [first, ...rest] = distinct([...own, ...replies, ...mirrors], answers);
    const answer = first ? answerTo(first) : NONE;
    // An event is announced by its answer; a person's message is part of a conversation.
    const ownPosts = message.author ? await posted(distinct(others, posts), message) : [];
    return { answer, mirrors: rest.map(toTarget), posts: ownPosts };
  };

  function answerTo({ config }: Candidate): Targets["answer"] {
    return {
      ...toTarget({ config }),
      conversation: (sessionId) =>
        createHash("sha256")
          .update(`${sessionId} ${canonical(config)}`)
          .digest("base64url"),
    };
  }

  async function posted(candidates: Candidate[], { author }: Wanted["message"]): Promise<PostTarget[]> {
    return Promise.all(
      candidates.map(async (candidate) => {
        const target = toTarget(candidate);
        return {
          ...target,
          author: author ? await directory.attribution(target.type, author) : {},
          inThread: !candidate.isMirror,
        };
      }),
    );
  }
}

function toTarget({ config: { type, ...config } }: Pick<Candidate, "config">): Target {
  return { type: String(type), config };
}

// Gives requests their access token: exchanged in time for a new one, by one server of the database at a time, because many
// authorization servers take a second use of a refresh token for theft and end the whole sign-in.

import { setTimeout as wait } from "node:timers/promises";
import { patiently } from "../db/patiently.ts";
import { type Credentials, isDue, isOver, type Tokens } from "./credentials.ts";
import { isRefusal, isRefusalOfClient } from "./refusal.ts";
import type { Claim, OAuthStore } from "./store.ts";

/** What the tokens belong to, and the only address to which they go. */
export interface TokenHolder {
  id: string;
  url: string | null;
}

export interface TokenSourceOptions<Holder extends TokenHolder> {
  store: Pick<OAuthStore, "find" | "claim" | "settle">;
  /** Exchanges the refresh token. Throws an OAuthError where the authorization server refuses it. */
  exchange(holder: Holder, credentials: Credentials, tokens: Tokens): Promise<Tokens>;
  /** The authorization server has refused the refresh token: a person has to sign in again. */
  onEnded(holder: Holder, reason: unknown): void;
  /** The wall clock. */
  now: () => number;
}

/** The token that must not be used any more. */
type Used = Pick<Tokens, "access">;

/** Between attempts to exchange a token that is still good, and looks whether another server has done it. */
const PAUSE_MS = 10_000;
const LOOK_MS = 200;
/** Another server's exchange takes at most as long as its claim. */
const MOST_LOOKS = 240;

export function createTokenSource<Holder extends TokenHolder>(options: TokenSourceOptions<Holder>) {
  const { store, now } = options;
  let known = new Map<string, Credentials>();
  /** When each was kept, in the order of what happens here. */
  const keptAt = new Map<string, number>();
  let clock = 0;
  const exchanging = new Map<string, Promise<Tokens | undefined>>();
  const failedAt = new Map<string, number>();

  const tokensOf = ({ id, url }: Holder): Tokens | undefined => {
    const found = known.get(id);
    return found?.url === url ? (found?.tokens ?? undefined) : undefined;
  };
  const keep = (id: string, credentials: Credentials): Tokens | undefined => {
    known.set(id, credentials);
    keptAt.set(id, ++clock);
    return credentials.tokens ?? undefined;
  };

  /** The tokens after the ones that are used up, undefined if there are none. Throws errors that may be temporary. */
  function after(holder: Holder, used: Used, mostLooks = MOST_LOOKS): Promise<Tokens | undefined> {
    const running = exchanging.get(holder.id);
    if (running) return running;
    const exchanged = exchange(holder, used, mostLooks).finally(() => exchanging.delete(holder.id));
    exchanging.set(holder.id, exchanged);
    return exchanged;
  }

  async function exchange(holder: Holder, used: Used, mostLooks: number): Promise<Tokens | undefined> {
    for (let looks = 0; looks < mostLooks; looks += 1) {
      const claim = await store.claim(holder.id);
      if (claim) return useClaim(holder, used, claim);
      const stored = await store.find(holder.id);
      if (!stored || stored.tokens?.access !== used.access) {
        return stored ? keep(holder.id, stored) : undefined;
      }
      await wait(LOOK_MS);
    }
    throw new Error("Another server of this database has not exchanged the token in time.");
  }

  async function useClaim(holder: Holder, used: Used, claim: Claim): Promise<Tokens | undefined> {
    const { credentials } = claim;
    const { tokens } = credentials;
    if (credentials.url !== holder.url || tokens?.access !== used.access || tokens.refresh === null) {
      await store.settle(holder.id, claim);
      const isOther = credentials.url === holder.url && tokens !== null && tokens.access !== used.access;
      keep(holder.id, credentials);
      return isOther ? tokens : undefined;
    }
    let next: Credentials;
    try {
      next = { ...credentials, tokens: await options.exchange(holder, credentials, tokens) };
    } catch (error) {
      if (!isRefusal(error)) {
        await store.settle(holder.id, claim);
        throw error;
      }
      options.onEnded(holder, error);
      next = { ...credentials, tokens: null, is_client_refused: isRefusalOfClient(error) };
    }
    keep(holder.id, next);
    // The earlier refresh token is used up: unless the new one is stored, a person has to sign in again.
    await patiently(() => store.settle(holder.id, claim, next));
    return next.tokens ?? undefined;
  }

  /** Before each request. */
  async function current(holder: Holder): Promise<Tokens | undefined> {
    const tokens = tokensOf(holder);
    if (!tokens || tokens.refresh === null || !isDue(tokens, now())) return tokens;
    const isGood = !isOver(tokens, now());
    const hasTried = now() - (failedAt.get(holder.id) ?? Number.NEGATIVE_INFINITY) < PAUSE_MS;
    if (hasTried && isGood) return tokens;
    try {
      // Nobody waits for another server, which may have died, as long as there is a token to work with.
      return await after(holder, tokens, isGood ? 1 : MOST_LOOKS);
    } catch (error) {
      failedAt.set(holder.id, now());
      if (isOver(tokens, now())) throw error;
      return tokens;
    }
  }

  return {
    /** Reads again what is stored. What was exchanged meanwhile is newer, and stays. */
    async read(all: () => Promise<Map<string, Credentials>>): Promise<Map<string, Credentials>> {
      const begun = clock;
      const stored = await all();
      for (const [id, at] of keptAt) {
        const own = known.get(id);
        if (own && (at > begun || exchanging.has(id))) stored.set(id, own);
      }
      known = stored;
      return stored;
    },
    of: (id: string): Credentials | undefined => known.get(id),
    tokensOf,
    current,
    /** Returns the tokens that replace these, which the service does not accept any more; undefined if there are none. */
    async renewed(holder: Holder, refused: string | undefined): Promise<Tokens | undefined> {
      const tokens = tokensOf(holder);
      // What is known here may be older than what was refused, so what is stored decides.
      return tokens && after(holder, { access: refused ?? tokens.access });
    },
  };
}

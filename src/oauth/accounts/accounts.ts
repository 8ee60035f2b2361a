// The accounts at outside services in which people sign Heddle in for integrations: their tokens, on every server of the database.

import type { Database } from "../../db/database.ts";
import { followTable } from "../../db/follow-table.ts";
import { errorMessage, HeddleError, notFound } from "../../errors.ts";
import type { Logger } from "../../log.ts";
import type { OAuthBackend, RegisteredOAuth } from "../../sdk/backend.ts";
import { ReauthRequired, Retryable } from "../../sdk/errors.ts";
import type { ConnectionStatus } from "../../sdk/types.ts";
import type { Vault } from "../../secrets/vault.ts";
import { type Credentials, isOver, signedInOf, tokensFrom } from "../credentials.ts";
import type { Returned, SignedIn, SigningIn } from "../returned.ts";
import { revoke } from "../revoke.ts";
import { createOAuthStore, OF_INTEGRATIONS } from "../store.ts";
import { createTokenSource } from "../token-source.ts";
import { type Account, accountId, type HeldAccount, heldOf, wantedOf } from "./account.ts";
import { belongsTo, createSignIn } from "./sign-in.ts";
import { limited, methodsOf, requestTokens } from "./token-request.ts";

export interface AccountsOptions {
  db: Database;
  vault: Pick<Vault, "seal" | "open">;
  /** For tokens, which last an hour. */
  addPassing: (...secrets: string[]) => void;
  connections: {
    report(reported: Reported): Promise<void>;
    forget(integrationId: string, name: string): Promise<void>;
  };
  log: Logger;
  /** The wall clock. */
  now?: () => number;
}

interface Reported {
  integrationId: string;
  name: string;
  status: ConnectionStatus;
  detail: string;
}

/** An account as people see it. */
export interface AccountView {
  integrationId: string;
  name: string;
  title: string;
  /** Whether the integration uses it with its settings as they are. */
  isWanted: boolean;
  /** Settings without which nobody can sign in. */
  missing: string[];
  /** What is wrong with its settings; null: nothing. */
  problem: string | null;
  scope: string | null;
  signedIn: SignedIn | null;
}

export type Accounts = Awaited<ReturnType<typeof openAccounts>>;

const CHANNEL = "heddle_accounts";

export async function openAccounts(options: AccountsOptions) {
  const { db, connections, log, now = Date.now } = options;
  const owners = new Map<string, Account[]>();
  const listeners = new Set<(integrationId: string) => void>();
  /** When each account was signed in to, as far as it is. */
  let signIns = new Map<string, number>();

  const store = createOAuthStore({
    ...options,
    tables: OF_INTEGRATIONS,
    announce: (tx, id) => follower.announce(tx, id),
  });
  const source = createTokenSource<HeldAccount>({ store, exchange, onEnded, now });
  const { begin, finish } = createSignIn({ store, find, now });
  const follower = await followTable({ db, channel: CHANNEL, log, read });

  async function exchange({ account, provider }: HeldAccount, { client }: Credentials, before: Tokens) {
    const given = await requestTokens(account.fetch, {
      provider,
      client: { client_id: client.client_id, client_secret: provider.clientSecret },
      fields: { grant_type: "refresh_token", refresh_token: before.refresh ?? "" },
    });
    // Many services give a refresh token once.
    return tokensFrom(
      { ...(before.refresh !== null && { refresh_token: before.refresh }), ...given },
      now(),
      before,
    );
  }

  function onEnded({ account }: HeldAccount, error: unknown): void {
    const reason = errorMessage(error).slice(0, 300);
    log.warning("{id}: the sign-in has ended: {reason}", { id: account.id, reason });
    report(account, `${account.title} has ended the sign-in: ${reason}`);
  }

  const report = ({ integrationId, name }: Account, detail: string): void =>
    void connections
      .report({ integrationId, name, status: "reauth_required", detail })
      .catch((error) => log.error("The state of an account could not be stored: {error}", { error }));

  async function read(): Promise<void> {
    const all = await source.read(store.all);
    const before = signIns;
    signIns = new Map([...all].flatMap(([id, { tokens, at }]) => (tokens ? [[id, at] as const] : [])));
    const changed = [...new Set([...before.keys(), ...signIns.keys()])].filter(
      (id) => before.get(id) !== signIns.get(id),
    );
    for (const integrationId of new Set(changed.map((id) => id.split("/")[0] ?? ""))) {
      for (const listener of listeners) listener(integrationId);
    }
  }

  function find(id: string): Account {
    const account = [...owners.values()].flat().find((one) => one.id === id);
    if (!account) throw notFound("account", id.slice(id.indexOf("/") + 1));
    return account;
  }

  function credentialsOf(held: HeldAccount): Credentials | undefined {
    const found = source.of(held.id);
    return found && belongsTo(found, held.provider) ? found : undefined;
  }

  /** Throws ReauthRequired if nobody is signed in. */
  function heldFor(integrationId: string, name: string): HeldAccount {
    const account = find(accountId(integrationId, name));
    const held = heldOf(account);
    if ("problem" in held) throw new HeddleError("validation", held.problem);
    if (!credentialsOf(held)?.tokens) throw noSignIn(account);
    return held;
  }

  async function tokenOf(integrationId: string, name: string): Promise<string> {
    const held = heldFor(integrationId, name);
    const tokens = await source.current(held).catch(notNow(held));
    if (!tokens) throw noSignIn(held.account);
    // Without a refresh token, it ends like this each time.
    if (isOver(tokens, now())) throw ended(held);
    return tokens.access;
  }

  async function refused(integrationId: string, name: string, token: string): Promise<void> {
    const held = heldFor(integrationId, name);
    if (!(await source.renewed(held, token).catch(notNow(held)))) throw ended(held);
  }

  /** Tells people that the sign-in has ended; returns the error for the integration. */
  function ended({ account }: HeldAccount): ReauthRequired {
    const error = noSignIn(account);
    report(account, error.message);
    return error;
  }

  function isSignedIn(account: Account): boolean {
    const held = heldOf(account);
    return !("problem" in held) && credentialsOf(held)?.tokens != null;
  }

  function view(account: Account): AccountView {
    const { integrationId, name, title } = account;
    const wanted = wantedOf(account);
    // One whose `when` fails is shown, so that somebody reads why.
    const known = { integrationId, name, title, isWanted: wanted !== false };
    const held = typeof wanted === "object" ? wanted : heldOf(account);
    if ("problem" in held)
      return { ...known, missing: [], problem: held.problem, scope: null, signedIn: null };
    const { missing, scope } = held.provider;
    const signedIn = signedInOf(credentialsOf(held));
    return { ...known, missing, problem: null, scope: scope || null, signedIn };
  }

  return {
    replaceOwner(integrationId: string, registered: RegisteredOAuth[]): void {
      const accounts = registered.map((one) => ({
        ...one,
        integrationId,
        id: accountId(integrationId, one.name),
      }));
      if (accounts.length > 0) owners.set(integrationId, accounts);
      else owners.delete(integrationId);
    },
    /** What the SDK of an integration calls. */
    of: (integrationId: string): OAuthBackend => ({
      isSignedIn(name) {
        const account = owners.get(integrationId)?.find((one) => one.name === name);
        return account !== undefined && isSignedIn(account);
      },
      token: async (name) => tokenOf(integrationId, name),
      refused: async (name, token) => refused(integrationId, name, token),
    }),
    /** Without an id: those of all integrations. */
    list: (integrationId?: string): AccountView[] =>
      (integrationId === undefined ? [...owners.values()].flat() : (owners.get(integrationId) ?? [])).map(
        view,
      ),
    /** Called with an integration when somebody has signed in or out for it, on any server. */
    onChange(listener: (integrationId: string) => void): () => void {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    begin: (integrationId: string, name: string, by: SigningIn) => begin(accountId(integrationId, name), by),
    /** Resolves with the account in which Heddle is signed in now. */
    async finish(returned: Returned, by: Omit<SigningIn, "base">): Promise<AccountView> {
      const id = await finish(returned, by);
      log.info("{name} signed in at {id}", { name: by.name, id });
      const account = find(id);
      await connections.forget(account.integrationId, account.name);
      await follower.refresh(id);
      return view(account);
    },
    /** Forgets the tokens and revokes them. Throws `conflict` if nobody is signed in. */
    async end(integrationId: string, name: string): Promise<void> {
      const account = find(accountId(integrationId, name));
      const before = await store.find(account.id);
      if (!before?.tokens) throw new HeddleError("conflict", `Nobody is signed in at ${account.title}.`);
      await store.save(account.id, { ...before, tokens: null });
      log.info("{id} was signed out of", { id: account.id });
      await connections.forget(integrationId, name);
      await follower.refresh(account.id);
      await takeBack(account, before);
    },
    close: (): Promise<void> => follower.close(),
  };

  /** Tokens that cannot be revoked expire by themselves. */
  async function takeBack(account: Account, credentials: Credentials): Promise<void> {
    try {
      const provider = account.provider();
      const { client, url } = credentials;
      // The tokens of another service are not shown to this one.
      if (provider.revokeUrl === undefined || url !== provider.tokenUrl) return;
      const secret = provider.clientSecret;
      const own = {
        ...credentials,
        client: { ...client, ...(secret !== undefined && { client_secret: secret }) },
      };
      await revoke(
        own,
        { address: provider.revokeUrl, methods: methodsOf(provider) },
        limited(account.fetch),
      );
      log.info("The tokens of {id} were revoked", { id: account.id });
    } catch (error) {
      const reason = errorMessage(error).slice(0, 300);
      log.warning("The tokens of {id} could not be revoked: {reason}", { id: account.id, reason });
    }
  }
}

type Tokens = NonNullable<Credentials["tokens"]>;

const notNow =
  ({ account: { title } }: HeldAccount) =>
  (error: unknown): never => {
    const message = `${title} gives no new token: ${errorMessage(error).slice(0, 300)}`;
    throw new Retryable(message, { cause: error });
  };

const noSignIn = ({ title }: Account): ReauthRequired =>
  new ReauthRequired(`A person must sign Heddle in at ${title}, on the integration's page.`);

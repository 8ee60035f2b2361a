// API keys that Heddle makes for integrations. Like every key they are shown once and kept as a hash, so a lost one is
// replaced, never looked up.

/** Who makes and revokes; the keys' own part of the server says more about it. */
export interface KeyStore<Key extends { id: string }, Caller> {
  create(
    input: { name: string; scopes: string[]; owner: string },
    maker: Caller,
  ): Promise<Key & { key: string }>;
  ownedBy(owner: string): Promise<Key[]>;
  revoke(id: string, caller: Caller): Promise<boolean>;
}

export interface IntegrationKeys<Key, Caller> {
  /** The integration's live key, without the key itself. */
  get(integrationId: string): Promise<Key | undefined>;
  /** Makes one and ends those before it. `key` is the whole key, given out this one time. */
  issue(integrationId: string, scopes: readonly string[], maker: Caller): Promise<Key & { key: string }>;
  /** False when there was none. */
  revoke(integrationId: string, caller: Caller): Promise<boolean>;
}

/** For use outside the server; the process of an integration is lent a key of its own. */
export function createIntegrationKeys<Key extends { id: string }, Caller>(
  apiKeys: KeyStore<Key, Caller>,
): IntegrationKeys<Key, Caller> {
  const ownerOf = (integrationId: string) => `integration:${integrationId}`;

  const end = async (keys: Key[], caller: Caller): Promise<boolean> => {
    const ended = await Promise.all(keys.map(({ id }) => apiKeys.revoke(id, caller)));
    return ended.includes(true);
  };

  return {
    get: async (integrationId) => (await apiKeys.ownedBy(ownerOf(integrationId)))[0],
    async issue(integrationId, scopes, maker) {
      const owner = ownerOf(integrationId);
      const earlier = await apiKeys.ownedBy(owner);
      const made = await apiKeys.create({ name: owner, scopes: [...scopes], owner }, maker);
      await end(earlier, maker);
      return made;
    },
    revoke: async (integrationId, caller) => end(await apiKeys.ownedBy(ownerOf(integrationId)), caller),
  };
}

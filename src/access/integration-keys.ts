// API keys that Heddle creates for integrations. Like every key they are shown once and stored as a hash, so a lost key
// can only be replaced.

/** The functions of `ApiKeys` that this needs. */
export interface KeyStore<Key extends { id: string }, Caller> {
  create(
    input: { name: string; scopes: string[]; owner: string },
    maker: Caller,
  ): Promise<Key & { key: string }>;
  ownedBy(owner: string): Promise<Key[]>;
  revoke(id: string, caller: Caller): Promise<boolean>;
}

export interface IntegrationKeys<Key, Caller> {
  /** Returns the integration's live key, without its secret part. */
  get(integrationId: string): Promise<Key | undefined>;
  /** Creates a key and revokes the previous ones. `key` is the whole key; it cannot be read again. */
  issue(integrationId: string, scopes: readonly string[], maker: Caller): Promise<Key & { key: string }>;
  /** Returns false if there was no key. */
  revoke(integrationId: string, caller: Caller): Promise<boolean>;
}

/** These keys are for use outside the server; an integration's process gets an ephemeral key instead. */
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

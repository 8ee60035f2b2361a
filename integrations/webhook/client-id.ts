import { shortened } from "../_keys/shortened.ts";

export const CLIENT_PREFIX = "webhook:";
const LONGEST_OF_PAYLOAD = 200;

/** The client id of an endpoint's messages. Names of endpoints contain no colon, so no key can lead to another endpoint. */
export const clientIdOf = (name: string, key: string | null): string =>
  key === null ? `${CLIENT_PREFIX}${name}` : `${CLIENT_PREFIX}${name}:${shortened(key, LONGEST_OF_PAYLOAD)}`;

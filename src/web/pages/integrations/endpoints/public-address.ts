interface Webhook {
  /** As services on the internet reach it; null while the server does not know its public address. */
  url: string | null;
  path: string;
}

/** The address of another path of the server, as services on the internet reach it, or else as the reader does. */
export const publicAddress = ({ url, path: known }: Webhook, path: string, origin: string): string =>
  url?.endsWith(known) ? url.slice(0, -known.length) + path : origin + path;

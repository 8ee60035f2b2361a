// What the address that a server listens on says about where it can be reached.

/** The URL, if it names a host that somebody could send to; undefined before the server listens, or if it listens everywhere. */
export const reachableUrl = (url: string): string | undefined =>
  url === "" || loopbackUrl(url) !== url ? undefined : url;

/** The URL at which this machine reaches a server that may listen on all addresses. */
export const loopbackUrl = (url: string): string =>
  url.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:");

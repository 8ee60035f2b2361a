const MASK = "********";

/**
 * JSON without what has the form of a secret. Those that Heddle knows are redacted by the server; a process may write others, such
 * as what a service has told it.
 */
export const withoutSecrets = (json: string): string =>
  json
    .replace(/(:\/\/)[^\s/@"\\]+@/g, `$1${MASK}@`)
    .replace(
      /([?&](?:access_token|api_key|apikey|auth|code|key|password|secret|sig|signature|token)=)[^\s&"'\\]+/gi,
      `$1${MASK}`,
    )
    .replace(/\b(bearer|basic) +[^\s"',\\]+/gi, `$1 ${MASK}`);

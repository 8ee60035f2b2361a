// Hides what has the form of a secret in lines that programs write. A program may know secrets that nobody has told Heddle, such as
// a token that its service gave it.

/** Prose such as "basic settings" stays; nearly every token is longer than that, and has a digit. */
const AFTER_SCHEME = /\b(bearer|basic) +(?=[^\s"',\\]*\d)[^\s"',\\]{8,}/gi;
const USER_IN_ADDRESS = /(:\/\/)[^\s/@"\\]+@/g;
const PARAMETER =
  /([?&](?:access_token|api_key|apikey|auth|code|key|password|secret|sig|signature|token)=)[^\s&"'\\]+/gi;

/** JSON stays JSON. */
export const withoutLikelySecrets = (text: string, marker: string): string =>
  text
    .replace(USER_IN_ADDRESS, `$1${marker}@`)
    .replace(PARAMETER, `$1${marker}`)
    .replace(AFTER_SCHEME, `$1 ${marker}`);

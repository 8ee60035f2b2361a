// Hides what has the form of a secret in lines that programs write. A program may know secrets that nobody has told Heddle, such as
// a token that its service gave it.

/** Prose such as "basic settings" stays; nearly every token is longer than that, and has a digit. */
const AFTER_SCHEME = /\b(bearer|basic) +(?=[^\s"',\\]*\d)[^\s"',\\]{8,}/gi;
const USER_IN_ADDRESS = /(:\/\/)[^\s/@"\\]+@/g;
const PARAMETER =
  /([?&](?:access_token|api_key|apikey|auth|code|key|password|secret|sig|signature|token)=)[^\s&"'\\]+/gi;

/** Keys of services whose form is known: of models, GitHub, GitLab, Slack, AWS, Google and Telegram. */
const OF_KNOWN_FORM = [
  /\b[sr]k-[\w-]{20,}/g,
  /\bgh[oprsu]_\w{36,}/g,
  /\bgithub_pat_\w{22,}/g,
  /\bglpat-[\w-]{20,}/g,
  /\bxox[a-z]-[\w-]{10,}/g,
  /\bxapp-[\w-]{10,}/g,
  /\bAKIA[0-9A-Z]{16}\b/g,
  /\bAIza[\w-]{35}/g,
  /\b\d{8,10}:[\w-]{35}(?![\w-])/g,
];

/** JSON stays JSON. */
export const withoutLikelySecrets = (text: string, marker: string): string =>
  OF_KNOWN_FORM.reduce((rest, form) => rest.replace(form, marker), text)
    .replace(USER_IN_ADDRESS, `$1${marker}@`)
    .replace(PARAMETER, `$1${marker}`)
    .replace(AFTER_SCHEME, `$1 ${marker}`);

// The single place that decides whether a value is secret, by its name. Only names count, because a value may be
// anything; where a name is inconclusive, the caller decides what that means.

/** A name that contains one of these anywhere, in any spelling, is secret. */
const STEMS = [
  "accesskey",
  "accountkey",
  "apikey",
  "appkey",
  "authkey",
  "authorization",
  "bearer",
  "clientkey",
  "connectionstring",
  "cookie",
  "credential",
  "encryptionkey",
  "hmac",
  "invitelink",
  "masterkey",
  "mnemonic",
  "passcode",
  "passkey",
  "passphrase",
  "passwd",
  "passwor",
  "privatekey",
  "secret",
  "securitykey",
  "seedphrase",
  "servicekey",
  "sessionkey",
  "sharedkey",
  "signingkey",
  "sshkey",
  "storagekey",
  "subscriptionkey",
  "token",
];

/** A name that has one of these as a separate word is secret. */
const WORDS = new Set(
  "auth authentication bearer cred creds cvc cvv dsn jwt keystore kubeconfig otp pass passwd pat pem pfx pin proof psk pw pwd sas signature totp".split(
    " ",
  ),
);

/** A name that ends with one of these is secret: a session is, but a session_id or an auth_type is not. */
const LAST_WORDS = new Set(
  "access code headers key nonce oauth salt seed session sessionid sid sig".split(" "),
);

/** Words before "key" that make it harmless. */
const HARMLESS_KEYS = new Set(
  "cache foreign idempotency issue message object partition primary project public routing sort translation".split(
    " ",
  ),
);

/** Words before "code" that make it harmless. */
const HARMLESS_CODES = new Set("area country currency error exit language postal status zip".split(" "));

/** Words before "url" for URLs that anyone who knows them can use, or that contain a password. */
const SECRET_URLS = new Set(
  "amqp callback connection database db hook hooks invite mongo mongodb mysql postgres postgresql presigned redis response sas sentry signed webhook webhooks".split(
    " ",
  ),
);
const URL_WORDS = new Set(["url", "urls", "uri", "uris", "link"]);

/** Words that only describe a value's form: "secret2", "token_value" and "auth_b64" are judged without them. */
const FORM_WORDS = new Set(
  "b base data default encoded env file hash header hex json new old plain prod raw string test text val value var".split(
    " ",
  ),
);

/** Words for amounts, durations and kinds: a number or boolean with such a name is not itself a secret. */
const MEASURES = new Set(
  "budget bytes chars count days enabled expires expiry hours index interval length limit lifetime max maximum min minimum minutes ms number per price rate seconds size timeout total ttl used".split(
    " ",
  ),
);

/** Last words of names that are clearly not secret. */
const HARMLESS_WORDS = new Set(
  (
    "account action address agent answer alias avatar base bot branch brightness bucket calendar camera category channel city " +
    "client color colour comment commit country currency database date day debug delay description device dir directory disabled domain duration " +
    "email emoji enabled encoding endpoint entity environment event events file filter folder footer format forum from greeting group guild height " +
    "host hostname hosts icon id ids index ip interval ip kind label labels lang language latitude level limit list locale location login " +
    "longitude mailbox max message min minutes mode model name names namespace number offset org organisation organization " +
    "origin owner page path pattern period persona phone placeholder platform port position prefix priority profile project " +
    "prompt protocol provider query queue quota radius realm recipient ref region reply repo repos repository retries role room rooms schedule schema scope " +
    "scopes seconds sender sensor server severity size source stage state status stream subject suffix tag tags team template tenant " +
    "text theme thread threshold time timeout timezone timestamp title to topic topics ts tz type unit units uri url urls user username users version voice " +
    "volume weight welcome width workspace zone"
  ).split(" "),
);

/** Whether a value with this name must be hidden: a setting, a config field, a URL parameter, a variable. */
export const isSecretName = memoized((name: string): boolean => {
  const words = wordsOf(name);
  const joined = words.join("");
  if (
    STEMS.some((stem) => joined.includes(stem)) ||
    words.some((word) => WORDS.has(word) || WORDS.has(singular(word)))
  )
    return true;
  const telling = words.filter((word) => !FORM_WORDS.has(word) && !/^\d+$/.test(word));
  const last = telling.at(-1) ?? words.at(-1) ?? "";
  const before = telling.at(-2) ?? "";
  if (URL_WORDS.has(last)) return SECRET_URLS.has(before);
  if (joined.endsWith("webhookurl")) return true;
  if (!LAST_WORDS.has(last) && !LAST_WORDS.has(singular(last))) return false;
  if (singular(last) === "key") return !HARMLESS_KEYS.has(before);
  if (singular(last) === "code") return !HARMLESS_CODES.has(before);
  return true;
});

/** Whether a header authenticates the sender, or would let its reader act as the sender. */
export function isSecretHeader(name: string): boolean {
  // The query of a page's address may contain anything.
  return isSecretName(name) || /^(referr?er|x-(original|rewrite)-ur[il]|forwarded-uri)$/i.test(name);
}

const MAX_MEMOIZED = 2_000;
const MAX_MEMOIZED_LENGTH = 64;

/** Every message has the same few names, and splitting one costs more than everything else done with it. */
function memoized(decide: (name: string) => boolean): (name: string) => boolean {
  const decided = new Map<string, boolean>();
  return (name) => {
    const known = decided.get(name);
    if (known !== undefined) return known;
    const decision = decide(name);
    if (name.length <= MAX_MEMOIZED_LENGTH) {
      // Strangers can send any number of names.
      if (decided.size >= MAX_MEMOIZED) decided.clear();
      decided.set(name, decision);
    }
    return decision;
  };
}

/** Whether a value with this name is clearly not secret. Returns false if the name is inconclusive. */
export function isHarmlessName(name: string): boolean {
  if (isSecretName(name)) return false;
  const last = wordsOf(name)
    .filter((word) => !/^\d+$/.test(word))
    .at(-1);
  return last !== undefined && (HARMLESS_WORDS.has(last) || HARMLESS_WORDS.has(singular(last)));
}

/** Whether the name describes an amount or duration: "max_tokens" is not a token if it is a number. */
export const isMeasure = (name: string): boolean => wordsOf(name).some((word) => MEASURES.has(word));

const MAX_NAME_LENGTH = 300;

/** Splits "xApiKey2", "X-API-KEY2" and "x_api_key_2" into x, api, key, 2. */
function wordsOf(name: string): string[] {
  return name
    .normalize("NFKC")
    .slice(-MAX_NAME_LENGTH)
    .replace(/(\p{Ll}|\d)(?=\p{Lu})|(\p{Lu})(?=\p{Lu}\p{Ll})|(\p{L})(?=\d)|(\d)(?=\p{L})/gu, "$& ")
    .toLowerCase()
    .split(/[^\p{L}\p{M}\d]+/u)
    .filter((word) => word !== "");
}

const singular = (word: string): string => (word.endsWith("s") ? word.slice(0, -1) : word);

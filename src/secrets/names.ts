// The one answer to "is this a secret?", by the name that a value goes under. Names alone decide, for a value may be
// anything; where a name says neither yes nor no, whoever asks decides what that means for it.

/** Inside any name, whatever stands around them and however it is written. */
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

/** As a word of its own, wherever it stands. */
const WORDS = new Set(
  "auth authentication bearer cred creds cvc cvv dsn jwt keystore kubeconfig otp pass passwd pat pem pfx pin proof psk pw pwd sas signature totp".split(
    " ",
  ),
);

/** Only where the name ends with it: a session_id and an auth_type give nothing away, a session does. */
const LAST_WORDS = new Set(
  "access code headers key nonce oauth salt seed session sessionid sid sig".split(" "),
);

/** What makes a key none that opens anything. */
const HARMLESS_KEYS = new Set(
  "cache foreign idempotency issue message object partition primary project public routing sort translation".split(
    " ",
  ),
);

/** What makes a code none that anybody types in. */
const HARMLESS_CODES = new Set("area country currency error exit language postal status zip".split(" "));

/** URLs whose knowledge is enough to use them, or that have a password in them. */
const SECRET_URLS = new Set(
  "amqp callback connection database db hook hooks invite mongo mongodb mysql postgres postgresql presigned redis response sas sentry signed webhook webhooks".split(
    " ",
  ),
);
const URL_WORDS = new Set(["url", "urls", "uri", "uris", "link"]);

/** What says only what form a value has: "secret2", "token_value" and "auth_b64" are what they are without it. */
const FORM_WORDS = new Set(
  "b base data default encoded env file hash header hex json new old plain prod raw string test text val value var".split(
    " ",
  ),
);

/** Of what says how much, how long or of which kind a secret is: never one itself, when it is a number or a boolean. */
const MEASURES = new Set(
  "budget bytes chars count days enabled expires expiry hours index interval length limit lifetime max maximum min minimum minutes ms number per price rate seconds size timeout total ttl used".split(
    " ",
  ),
);

/** What a setting may plainly be called without being a secret. */
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

/** Whether a value under this name is one to hide: a setting, a field of a config, a parameter of a URL, a variable. */
export const isSecretName = remembering((name: string): boolean => {
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

/** Whether a header proves who sent a request, or lets its reader do what the sender may do. */
export function isSecretHeader(name: string): boolean {
  // A page's address may have anything in its query.
  return isSecretName(name) || /^(referr?er|x-(original|rewrite)-ur[il]|forwarded-uri)$/i.test(name);
}

const MOST_REMEMBERED = 2_000;
const LONGEST_REMEMBERED = 64;

/** The same few names come with every message, and taking one apart costs more than all else that is done with it. */
function remembering(decide: (name: string) => boolean): (name: string) => boolean {
  const decided = new Map<string, boolean>();
  return (name) => {
    const known = decided.get(name);
    if (known !== undefined) return known;
    const decision = decide(name);
    if (name.length <= LONGEST_REMEMBERED) {
      // Strangers make names up.
      if (decided.size >= MOST_REMEMBERED) decided.clear();
      decided.set(name, decision);
    }
    return decision;
  };
}

/** Whether a setting of this name is plainly none to hide. False for what nobody can know. */
export function isHarmlessName(name: string): boolean {
  if (isSecretName(name)) return false;
  const last = wordsOf(name)
    .filter((word) => !/^\d+$/.test(word))
    .at(-1);
  return last !== undefined && (HARMLESS_WORDS.has(last) || HARMLESS_WORDS.has(singular(last)));
}

/** Whether the name speaks of how much or how long: "max_tokens" is no token when it is a number. */
export const isMeasure = (name: string): boolean => wordsOf(name).some((word) => MEASURES.has(word));

const LONGEST_NAME = 300;

/** "xApiKey2", "X-API-KEY2" and "x_api_key_2" are x, api, key, 2. */
function wordsOf(name: string): string[] {
  return name
    .normalize("NFKC")
    .slice(-LONGEST_NAME)
    .replace(/(\p{Ll}|\d)(?=\p{Lu})|(\p{Lu})(?=\p{Lu}\p{Ll})|(\p{L})(?=\d)|(\d)(?=\p{L})/gu, "$& ")
    .toLowerCase()
    .split(/[^\p{L}\p{M}\d]+/u)
    .filter((word) => word !== "");
}

const singular = (word: string): string => (word.endsWith("s") ? word.slice(0, -1) : word);

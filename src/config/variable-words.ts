// What each of Heddle's own variables is for, in a sentence for people who look at them. docs/operating.md says more.

export interface VariableWords {
  /** Variables about the same thing. */
  group: string;
  description: string;
  /** What applies without the variable, in words; null: nothing. */
  default: string | null;
}

type Words = Record<string, [description: string, usual?: string]>;

// biome-ignore format: a line each
const GROUPS: Record<string, Words> = {
  Server: {
    HOST: ["Address on which the server listens.", "127.0.0.1"],
    PORT: ["Port on which the server listens; 0 takes any free one.", "8000"],
    BASE_URL: ["Address at which the outside reaches the server.", "http://HOST:PORT"],
    TIMEZONE: ["Time zone in which bots are told the time.", "UTC"],
    WATCHDOG_SECONDS: ["A server that has not worked for so long ends itself; 0: never.", "60"],
    LOG_LEVEL: ["The least grave lines that are logged.", "info"],
    LOG_FORMAT: ["Form of the lines on standard error.", "pretty"],
  },
  Database: {
    DATABASE_URL: ["PostgreSQL server with pgvector.", "The embedded database"],
    DATABASE_DIRECT_URL: ["The database server itself, if DATABASE_URL leads to a pooler."],
    DATABASE_POOL_SIZE: ["Most connections for queries.", "16"],
    DATABASE_ANSWER_SECONDS: ["A statement without an answer for so long is tried on another connection.", "20"],
  },
  "Keys and sign-in": {
    API_KEY: ["An admin key that is not stored."],
    ENCRYPTION_KEY: ["Encrypts stored secrets.", "Created at the first start"],
    ENCRYPTION_KEY_PREVIOUS: ["Earlier keys, with which older secrets can still be read."],
    SIGN_IN_LINK_MINUTES: ["How long a sign-in link can be used.", "15"],
    SIGN_IN_IDLE_HOURS: ["A browser that asks for nothing for so long is signed out.", "168"],
    SIGN_IN_MAX_DAYS: ["A browser is signed out after so long at the latest.", "30"],
    SIGN_IN_FRESH_MINUTES: ["How long after signing in a browser may make keys and approve code.", "15"],
  },
  Models: {
    OPENAI_API_KEY: ["Key of an OpenAI-compatible endpoint."],
    OPENAI_BASE_URL: ["Address of an OpenAI-compatible endpoint.", "OpenAI's own"],
    OPENAI_PROTOCOL: ["Protocol of that endpoint.", "chat_completions"],
    ANTHROPIC_API_KEY: ["Key for Anthropic's models."],
    ANTHROPIC_BASE_URL: ["Address for Anthropic's models.", "Anthropic's own"],
    DEFAULT_MODEL: ["Model of bots that name none.", "That of the default provider"],
    FALLBACK_MODELS: ["Models that are tried in order when one fails."],
    CONTEXT_WINDOW: ["Tokens that a model accepts at once.", "What is known of the model"],
    MODEL_SETTINGS: ["What Heddle does not know of single models, as JSON."],
    MODEL_TIMEOUT_SECONDS: ["How long an endpoint may send nothing before it is asked again.", "120"],
  },
  "Search and transcription": {
    EMBEDDING_MODEL: ["What makes the vectors of passages.", "builtin"],
    EMBEDDING_BASE_URL: ["Endpoint of that model.", "OPENAI_BASE_URL"],
    EMBEDDING_API_KEY: ["Key of that endpoint.", "OPENAI_API_KEY"],
    EMBEDDING_DIMENSIONS: ["Asks the model for shorter vectors; 0: its own.", "0"],
    EMBEDDING_WEAK_BELOW: ["Hits that are less similar, in per cent, are marked as weak.", "30"],
    TRANSCRIPTION_BASE_URL: ["Where recordings are sent to be transcribed.", "OPENAI_BASE_URL"],
    TRANSCRIPTION_API_KEY: ["Key of that endpoint.", "OPENAI_API_KEY"],
    TRANSCRIPTION_MODEL: ["Model that transcribes recordings.", "whisper-1"],
  },
  Runs: {
    WORKER_CONCURRENCY: ["How many runs, and deliveries of one type, go on at once.", "16"],
    TASK_MAX_RUN_SECONDS: ["A run that takes longer fails.", "1200"],
    SESSION_RETENTION_DAYS: ["Conversations without anything new for so long are deleted; 0: none.", "0"],
    UNATTENDED_RUNS_PER_HOUR: ["Most runs of one conversation in an hour that no person started; 0: no limit.", "30"],
  },
  "Webhooks and network": {
    ALLOW_PRIVATE_HOSTS: ["Private names and addresses that outgoing requests may reach."],
    TRUSTED_PROXIES: ["Reverse proxies whose X-Forwarded-For names the sender."],
    WEBHOOK_RATE_LIMIT: ["Requests per second, per sender and integration, on routes that need no key.", "2000"],
    WEBHOOK_BYTES_IN_FLIGHT: ["Bytes of bodies that may wait in memory on those routes.", "134,217,728"],
    INBOX_RETENTION_DAYS: ["How long records of webhooks are kept.", "30"],
    INBOX_MAX_BODY_BYTES: ["How much of a webhook's body is kept; 0: nothing.", "262,144"],
    HOOK_WEBHOOK_URLS: ["Where every hook event is sent."],
    HOOK_WEBHOOK_SECRET: ["Signs hook events."],
  },
  "Integrations and processes": {
    INTEGRATION_DIRS: ["Folders of integrations besides those in the home."],
    TOOL_DIRS: ["Folders of loose tool files."],
    PROCESS_CONFINEMENT: ["What confines background processes.", "auto"],
    PROCESS_PATHS: ["Files and folders that background processes may use besides their own."],
  },
};

const WORDS = new Map(
  Object.entries(GROUPS).flatMap(([group, words]) =>
    Object.entries(words).map(([name, [description, usual = null]]): [string, VariableWords] => [
      name,
      { group, description, default: usual },
    ]),
  ),
);

/** A test holds that each variable has its words. */
export const wordsOf = (name: string): VariableWords =>
  WORDS.get(name) ?? { group: "Server", description: "", default: null };

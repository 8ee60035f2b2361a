// What the fake Bot API remembers.

export interface FakeMessage {
  message_id: number;
  chat_id: number;
  topic?: number;
  /** As it is shown, or the Markdown of a rich message. */
  text: string;
  format: "plain" | "HTML" | "rich" | "photo" | "document";
  reply_to?: number;
  buttons: { text: string; callback_data: string }[];
  file?: { name: string; bytes: Uint8Array };
  edits: number;
}

export interface TelegramState {
  chats: Map<number, { id: number; type: string; isBlocked: boolean }>;
  messages: FakeMessage[];
  drafts: { chat_id: number; draft_id: number; text: string; can_stop: boolean }[];
  /** Answers to buttons. */
  toasts: { id: string; text: string }[];
  updates: { update_id: number }[];
  files: Map<string, Buffer>;
  webhook: { url: string; secret: string; lastError?: { date: number; text: string } } | undefined;
  commands: { command: string; description: string }[];
  /** The kinds of updates that the bot has asked for last; undefined: the usual ones. */
  allowed: string[] | undefined;
  /** Topics that somebody has deleted, as "<chat>:<topic>". */
  goneTopics: Set<string>;
  /** Increased by each getUpdates, which ends the one before. */
  poller: number;
  addChat(id: number, type: string): void;
  addUpdate(fields: Record<string, unknown>): number;
  /** Resolves when there is an update, or after so long. */
  news(milliseconds: number, signal: AbortSignal): Promise<void>;
  wake(): void;
  callWebhook(target: string | undefined): Promise<void>;
  nextMessageId(): number;
}

/** What a bot gets only if it asks for it by name. */
const UNUSUAL = ["chat_member", "message_reaction", "message_reaction_count"];

export function createTelegramState(): TelegramState {
  let nextUpdate = 500_000;
  let nextMessage = 1;
  let wakeUp: () => void = () => {};
  const state: TelegramState = {
    ...{ chats: new Map(), messages: [], drafts: [], toasts: [], updates: [], files: new Map() },
    ...{ webhook: undefined, commands: [], allowed: undefined, poller: 0, goneTopics: new Set() },
    addChat: (id, type) => void state.chats.set(id, { id, type, isBlocked: false }),
    addUpdate(fields) {
      const update_id = nextUpdate++;
      const [kind = ""] = Object.keys(fields);
      if (state.allowed ? !state.allowed.includes(kind) : UNUSUAL.includes(kind)) return update_id;
      state.updates.push({ update_id, ...fields });
      wakeUp();
      return update_id;
    },
    news: (milliseconds, signal) =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, milliseconds);
        wakeUp = () => {
          clearTimeout(timer);
          resolve();
        };
        signal.addEventListener("abort", wakeUp);
      }),
    wake: () => wakeUp(),
    async callWebhook(target) {
      const { webhook } = state;
      for (const update of [...state.updates]) {
        if (!webhook) return;
        const response = await fetch(target ?? webhook.url, {
          method: "POST",
          headers: {
            "content-type": "application/json",
            "x-telegram-bot-api-secret-token": webhook.secret,
          },
          body: JSON.stringify(update),
        }).catch((error: unknown) => new Response(String(error), { status: 502 }));
        if (response.ok) {
          state.updates = state.updates.filter(({ update_id }) => update_id !== update.update_id);
        } else {
          webhook.lastError = {
            date: Math.floor(Date.now() / 1_000),
            text: `Wrong response: ${response.status}`,
          };
        }
      }
    },
    nextMessageId: () => nextMessage++,
  };
  return state;
}

// A mailbox of Gmail: messages in threads, labels, and the history of what changed.

export interface FakeMessage {
  id: string;
  threadId: string;
  labelIds: string[];
  source: Buffer;
  internalDate: number;
}

export interface HistoryRecord {
  id: string;
  messagesAdded?: { message: object }[];
  labelsAdded?: { message: object; labelIds: string[] }[];
}

const SYSTEM_LABELS = ["INBOX", "SENT", "DRAFT", "TRASH", "SPAM", "UNREAD", "STARRED", "IMPORTANT"];
const RE = /^(re|fwd?): */i;

export type FakeMailbox = ReturnType<typeof createFakeMailbox>;

export function createFakeMailbox() {
  const messages = new Map<string, FakeMessage>();
  const labels = new Map(SYSTEM_LABELS.map((name) => [name, name]));
  let records: HistoryRecord[] = [];
  let counter = 0x1890_0000_0000;
  let historyId = 4_000;
  let oldest = 0;
  const told: ((labelIds: string[]) => void)[] = [];

  const nextId = (): string => (++counter).toString(16);
  const summary = ({ id, threadId, labelIds }: FakeMessage) => ({ id, threadId, labelIds: [...labelIds] });
  function record(labelIds: string[], entry: Omit<HistoryRecord, "id">): void {
    // Ids grow, and not by one.
    historyId += 17;
    records.push({ id: String(historyId), ...entry });
    for (const tell of told) tell(labelIds);
  }

  /** Puts a mail in its thread, and a line in the history. */
  function add(source: Buffer, labelIds: string[], threadId?: string): FakeMessage {
    const id = nextId();
    const message = { id, threadId: threadId ?? id, labelIds, source, internalDate: Date.now() };
    messages.set(id, message);
    record(labelIds, { messagesAdded: [{ message: summary(message) }] });
    return message;
  }

  /** The thread of the mails that this one refers to. */
  function threadOf(source: Buffer): string | undefined {
    const refers = [headerOf(source, "in-reply-to"), headerOf(source, "references")].join(" ");
    const isMeant = (one: FakeMessage) => refers.includes(headerOf(one.source, "message-id") || "nothing");
    return [...messages.values()].find(isMeant)?.threadId;
  }

  return {
    messages,
    labels,
    add,
    nextId,
    threadOf,
    get historyId() {
      return String(historyId);
    },
    /** Called with the labels of what changed. */
    onChange: (tell: (labelIds: string[]) => void): void => void told.push(tell),
    /** Undefined: it is too old. */
    since(start: number): HistoryRecord[] | undefined {
      return start < oldest ? undefined : records.filter(({ id }) => Number(id) > start);
    },
    forgetHistory(): void {
      historyId += 17;
      oldest = historyId;
      records = [];
    },
    inThread: (threadId: string) => [...messages.values()].filter((one) => one.threadId === threadId),
    /** Whether Gmail would put a mail into the thread: it must refer to it, and have its subject. */
    fits(source: Buffer, threadId: string): boolean {
      const subject = (of: Buffer) => headerOf(of, "subject").replace(RE, "");
      const [first] = this.inThread(threadId);
      return (
        threadOf(source) === threadId && first !== undefined && subject(first.source) === subject(source)
      );
    },
    /** Makes a label; undefined if there is one of this name. */
    makeLabel(name: string): { id: string; name: string } | undefined {
      const isThere = [...labels.values()].some((known) => known.toLowerCase() === name.toLowerCase());
      if (isThere) return undefined;
      const id = `Label_${labels.size}`;
      labels.set(id, name);
      return { id, name };
    },
    addLabels(message: FakeMessage, ids: string[]): void {
      const fresh = ids.filter((id) => !message.labelIds.includes(id));
      message.labelIds.push(...fresh);
      if (fresh.length > 0) record(fresh, { labelsAdded: [{ message: summary(message), labelIds: fresh }] });
    },
    removeLabels(message: FakeMessage, ids: string[]): void {
      message.labelIds = message.labelIds.filter((id) => !ids.includes(id));
    },
  };
}

/** The first header of this name, unfolded; empty if there is none. */
export function headerOf(source: Buffer, name: string): string {
  const head = source.toString("latin1").split(/\r?\n\r?\n/)[0] ?? "";
  const line = head
    .replace(/\r?\n[ \t]/g, " ")
    .split(/\r?\n/)
    .find((one) => one.toLowerCase().startsWith(`${name}:`));
  return line?.slice(name.length + 1).trim() ?? "";
}

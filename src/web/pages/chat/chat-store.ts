// What conversations have in this browser alone: drafts, what is being sent, the runs that are followed, and where each was
// scrolled to. It outlives the page, so that switching between conversations loses nothing.

import { create } from "zustand";
import { createJSONStorage, persist } from "zustand/middleware";
import type { WhenBusy } from "../../api/when-busy.ts";
import type { LiveRun } from "./live-run.ts";
import { withReturned } from "./returned.ts";

export interface ChatFile {
  id: string;
  file: File;
  /** An address of the picture in this browser; undefined for other files. */
  preview: string | undefined;
}

/** A message on its way to the server, or one that it has refused. */
export interface Outgoing {
  /** Lets it be sent again without being stored twice. */
  key: string;
  text: string;
  files: ChatFile[];
  whenBusy: WhenBusy | undefined;
  at: string;
  /** Known once the server has accepted it. */
  messageId?: string;
  error?: unknown;
}

interface Conversations {
  live: Record<string, LiveRun>;
  outgoing: Record<string, Outgoing[]>;
  files: Record<string, ChatFile[]>;
}

/** By session; a conversation that has not begun is "new", or "new" with its channel. */
export const useConversations = create<Conversations>()(() => ({ live: {}, outgoing: {}, files: {} }));

function without<Value>(record: Record<string, Value>, name: string): Record<string, Value> {
  const { [name]: _, ...others } = record;
  return others;
}

export function setLive(session: string, change: (before: LiveRun | undefined) => LiveRun | undefined): void {
  useConversations.setState(({ live }) => {
    const next = change(live[session]);
    return { live: next ? { ...live, [session]: next } : without(live, session) };
  });
}

export function setOutgoing(session: string, change: (before: Outgoing[]) => Outgoing[]): void {
  useConversations.setState(({ outgoing }) => ({
    outgoing: { ...outgoing, [session]: change(outgoing[session] ?? []) },
  }));
}

export function setFiles(place: string, change: (before: ChatFile[]) => ChatFile[]): void {
  useConversations.setState(({ files }) => ({ files: { ...files, [place]: change(files[place] ?? []) } }));
}

interface Drafts {
  texts: Record<string, string>;
  /** The bot that a new conversation was begun with last. */
  bot: string | null;
  set(place: string, text: string): void;
}

/** Puts a message that was not sent before what has been written since, so that neither is lost. */
export function giveBack(place: string, { text, files }: Pick<Outgoing, "text" | "files">): void {
  const { texts, set } = useDrafts.getState();
  set(place, withReturned(text, texts[place] ?? ""));
  setFiles(place, (before) => [...files, ...before]);
}

const MOST_DRAFTS = 50;

/** Kept until the tab is closed: what was not sent concerns only the writer. */
export const useDrafts = create<Drafts>()(
  persist(
    (set) => ({
      texts: {},
      bot: null,
      set: (place, text) =>
        set(({ texts }) => {
          const others = Object.entries(without(texts, place)).slice(-MOST_DRAFTS);
          return { texts: Object.fromEntries(text === "" ? others : [...others, [place, text]]) };
        }),
    }),
    { name: "heddle-drafts", storage: createJSONStorage(() => sessionStorage) },
  ),
);

/** Where each conversation was scrolled to; one at its end follows what is written. */
export const scrolls = new Map<string, { top: number; atEnd: boolean }>();

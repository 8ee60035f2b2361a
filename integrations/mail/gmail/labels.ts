// Gmail's labels: the mailbox's folders, and the mark of what was handled.

import { listOf, ownAddress, settings } from "../config.ts";
import { ask, reading, writing } from "./client.ts";

export interface Label {
  id: string;
  name: string;
}

/** What the mailbox itself has written, or nobody wants to be answered. */
export const NEVER = ["SENT", "DRAFT", "TRASH", "SPAM", "CHAT"];
const HANDLED = "heddle/handled";

/** By mailbox; a label keeps its id. */
const handled = new Map<string, string>();

/** The ids of MAIL_FOLDERS. */
export async function wantedLabels(signal: AbortSignal): Promise<string[]> {
  const there = await labels(signal);
  const names = listOf(settings.MAIL_FOLDERS);
  if (names.length === 0) throw new Error("MAIL_FOLDERS must name a label.");
  return names.map((name) => {
    const label = named(there, name);
    if (!label) throw new Error(`MAIL_FOLDERS must name labels of the mailbox; there is no "${name}".`);
    if (!NEVER.includes(label.id)) return label.id;
    throw new Error(`MAIL_FOLDERS must not contain "${name}": what is there is not answered.`);
  });
}

/** The id of the label of what was handled, which is made if it is not there. */
export async function handledLabel(signal: AbortSignal): Promise<string> {
  const known = handled.get(ownAddress());
  if (known !== undefined) return known;
  const id = await labelToAdd(HANDLED, signal);
  handled.set(ownAddress(), id);
  return id;
}

/** Somebody may have deleted it. */
export const forgetHandledLabel = (): void => void handled.delete(ownAddress());

/** The id of a label, which is made if it is not there. */
export const labelToAdd = async (name: string, signal: AbortSignal): Promise<string> =>
  ((await labelNamed(name, signal)) ?? (await make(name, signal))).id;

export const labelNamed = async (name: string, signal: AbortSignal): Promise<Label | undefined> =>
  named(await labels(signal), name);

const make = (name: string, signal: AbortSignal): Promise<Label> =>
  ask<Label>(
    writing.post(
      "/labels",
      { name, labelListVisibility: "labelShow", messageListVisibility: "show" },
      { signal },
    ),
  );

export const labels = async (signal: AbortSignal): Promise<Label[]> =>
  (await ask<{ labels?: Label[] }>(reading.get("/labels", { signal }))).labels ?? [];

const named = (all: Label[], wanted: string): Label | undefined =>
  all.find(({ name }) => name === wanted) ??
  all.find(({ name }) => name.toLowerCase() === wanted.toLowerCase());

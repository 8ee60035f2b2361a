// Gmail's labels: the mailbox's folders, and the mark of what was handled.

import { listOf, ownAddress, settings } from "../config.ts";
import { ask, reading, writing } from "./client.ts";

interface Label {
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
  const { id } = named(await labels(signal), HANDLED) ?? (await make(signal));
  handled.set(ownAddress(), id);
  return id;
}

/** Somebody may have deleted it. */
export const forgetHandledLabel = (): void => void handled.delete(ownAddress());

const make = (signal: AbortSignal): Promise<Label> =>
  ask<Label>(
    writing.post(
      "/labels",
      { name: HANDLED, labelListVisibility: "labelShow", messageListVisibility: "show" },
      { signal },
    ),
  );

const labels = async (signal: AbortSignal): Promise<Label[]> =>
  (await ask<{ labels?: Label[] }>(reading.get("/labels", { signal }))).labels ?? [];

const named = (all: Label[], wanted: string): Label | undefined =>
  all.find(({ name }) => name === wanted) ??
  all.find(({ name }) => name.toLowerCase() === wanted.toLowerCase());

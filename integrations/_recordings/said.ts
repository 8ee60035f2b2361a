// What is said in a recording that somebody has sent, as a part of their message.

import { log, transcribe } from "heddle/sdk";

interface Sent {
  /** As people would call it: "a voice message of 7 s". */
  what: string;
  data: Uint8Array;
  mediaType: string;
  signal: AbortSignal;
}

/** The words, or a note why there are none. */
export async function said({
  what,
  data,
  mediaType,
  signal,
}: Sent): Promise<{ words?: string; note: string }> {
  try {
    const words = await transcribe({ data, mediaType, signal });
    if (words === null)
      return { note: `The message is ${what}, which was not transcribed: Heddle has no transcription.` };
    if (words.trim() === "") return { note: `The message is ${what}, in which nothing was understood.` };
    return { words: words.trim(), note: `The message is ${what}; this is its transcript.` };
  } catch (error) {
    if (signal.aborted) throw error;
    log.warning("A recording could not be transcribed", { reason: String(error) });
    return { note: `The message is ${what}, which could not be transcribed.` };
  }
}

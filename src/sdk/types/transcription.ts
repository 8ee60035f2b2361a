// Recordings that are turned into text.

/** A recording for `transcribe`. */
export interface Recording {
  /** The bytes of the file, at most 25 MB. */
  data: Uint8Array;
  /** The file's media type: "audio/ogg", "audio/mpeg", "audio/mp4", … */
  mediaType: string;
  /** Ends the waiting. */
  signal?: AbortSignal;
}

/** Returns what is said in a recording; null if the server has no transcription. */
export type Transcribe = (recording: Recording) => Promise<string | null>;

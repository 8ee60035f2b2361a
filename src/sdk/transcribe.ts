// Recordings of a service's people become text, with whatever the server has for that.

import { HeddleError } from "../errors.ts";
import { checkArgument, shown } from "./arguments.ts";
import type { SdkServices } from "./backend.ts";
import type { Recording, Transcribe } from "./types.ts";

const MOST_BYTES = 25 * 1024 * 1024;

export function createTranscribe(backend: Pick<SdkServices, "transcribe">): Transcribe {
  return async (recording) => {
    checkArgument("The argument of transcribe()", recording, "an object");
    checkRecording(recording);
    const text = await backend.transcribe?.(recording);
    return text ?? null;
  };
}

function checkRecording({ data, mediaType }: Recording): void {
  const wrong = (field: string, message: string) => new HeddleError("validation", message, { field });
  if (!(data instanceof Uint8Array) || data.byteLength === 0)
    throw wrong("data", "The data of transcribe() must be the bytes of a recording.");
  if (data.byteLength > MOST_BYTES)
    throw wrong("data", `A recording must be at most ${MOST_BYTES} bytes; got ${data.byteLength}.`);
  if (typeof mediaType !== "string" || !/^(?:audio|video)\/./.test(mediaType))
    throw wrong("mediaType", `The mediaType of transcribe() must be audio/…; got ${shown(mediaType)}.`);
}

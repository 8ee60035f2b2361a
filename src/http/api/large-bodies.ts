// Limits how much of large bodies is in memory at once: reading, decoding and storing one takes many times its size. Those that
// find no room wait with their bytes still in their sockets.

import { HeddleError } from "../../errors.ts";
import { within } from "../../within.ts";
import type { Growing } from "../gateway/intake.ts";

export interface LargeBodies {
  /** For `readBody`: a body that turns out to be large waits for room, and takes it. Throws "unavailable" after a while. */
  lease(request: Request, from: { sender: string; limit: number }): Growing;
  /** Gives the room back, once; does nothing for a request that has none. */
  leave(request: Request): void;
}

export interface LargeBodiesOptions {
  /** Bytes of all bodies together, and of those of one sender. */
  bytes?: number;
  bytesPerSender?: number;
  waitMs?: number;
}

const MB = 1024 * 1024;
/** Smaller bodies need no room. */
const SMALL = MB;

interface Place {
  sender: string;
  bytes: number;
}

export function createLargeBodies(options: LargeBodiesOptions = {}): LargeBodies {
  const { bytes: room = 128 * MB, bytesPerSender = 48 * MB, waitMs = 30_000 } = options;
  const inside = new Map<Request, Place>();
  const waiting = new Map<Request, Place & { admit: () => void }>();
  const heldBy = new Map<string, number>();
  let held = 0;

  const isFree = ({ sender, bytes }: Place): boolean => (heldBy.get(sender) ?? 0) + bytes <= bytesPerSender;

  const take = (request: Request, { sender, bytes }: Place): void => {
    inside.set(request, { sender, bytes });
    heldBy.set(sender, (heldBy.get(sender) ?? 0) + bytes);
    held += bytes;
  };

  const admitNext = (): void => {
    for (const [request, place] of waiting) {
      // It waits for others of its sender, and holds up nobody else.
      if (!isFree(place)) continue;
      if (held + place.bytes > room) return;
      waiting.delete(request);
      take(request, place);
      place.admit();
    }
  };

  const enter = async (request: Request, place: Place): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    waiting.set(request, { ...place, admit: resolve });
    admitNext();
    try {
      await within(waitMs, promise, { signal: request.signal, error: tooMany });
    } finally {
      waiting.delete(request);
    }
  };

  return {
    lease(request, { sender, limit }) {
      let arrived = 0;
      return {
        grow(bytes) {
          arrived += bytes;
          if (arrived <= SMALL || inside.has(request)) return;
          // Without this header, or decompressed, it may become as long as is allowed.
          const { headers } = request;
          const announced = headers.has("content-encoding")
            ? limit
            : Number(headers.get("content-length") ?? limit);
          return enter(request, { sender, bytes: Math.min(announced, limit, bytesPerSender) });
        },
      };
    },
    leave(request) {
      const place = inside.get(request);
      if (!place) return;
      inside.delete(request);
      held -= place.bytes;
      const left = (heldBy.get(place.sender) ?? 0) - place.bytes;
      if (left > 0) heldBy.set(place.sender, left);
      else heldBy.delete(place.sender);
      admitNext();
    },
  };
}

const tooMany = () =>
  new HeddleError("unavailable", "Too many large bodies are being received at the moment; try again.");

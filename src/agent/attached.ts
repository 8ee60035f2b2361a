// The files of a message as its model gets them, and the images that a request has room for.

import type { AttachedFile } from "../attachments/store.ts";
import type { LlmAttachment, LlmImage, LlmMessage } from "../llm/llm.ts";

/** The part of a message that holds its files; nothing without any. */
export function attached(files: AttachedFile[] | null): { attachments?: LlmAttachment[] } {
  if (!files || files.length === 0) return {};
  return {
    attachments: files.map(({ id, kind, name, media_type, bytes, content }) =>
      kind === "image"
        ? { kind, id, name, media_type, bytes }
        : { kind: "text", name, media_type, text: content ?? "" },
    ),
  };
}

export interface ImageRoom {
  /** Images of one request, and their bytes: what all vendors take. */
  count: number;
  bytes: number;
}

const ROOM: ImageRoom = { count: 20, bytes: 15 * 1024 * 1024 };
const NO_ROOM = "a request has room for the newest images only";
const GONE = "it is not stored any more";

/** Loads images, in base64, by id. */
export type LoadImages = (ids: string[]) => Promise<Map<string, string>>;

export interface ShownImages {
  messages: LlmMessage[];
  shown: number;
  leftOut: number;
}

/**
 * Puts the newest images into a request. When there are too many, half of the room is freed at once, so that the requests that
 * follow begin alike. Each image is loaded once.
 */
export function createImages(load: LoadImages, room: ImageRoom = ROOM) {
  const loaded = new Map<string, string>();
  return async (messages: LlmMessage[]): Promise<ShownImages> => {
    const images = messages.flatMap(imagesOf);
    if (images.length === 0) return { messages, shown: 0, leftOut: 0 };
    const fitting = new Set(images.slice(firstFitting(images, room)));
    const missing = [...fitting].map(({ id }) => id).filter((id) => !loaded.has(id));
    for (const [id, data] of await load([...new Set(missing)])) loaded.set(id, data);
    const filled = messages.map((message): LlmMessage => {
      if (imagesOf(message).length === 0 || message.role !== "user") return message;
      const attachments = (message.attachments ?? []).map((file): LlmAttachment => {
        if (file.kind !== "image") return file;
        if (!fitting.has(file)) return { ...file, reason: NO_ROOM };
        const data = loaded.get(file.id);
        return data === undefined ? { ...file, reason: GONE } : { ...file, data };
      });
      return { ...message, attachments };
    });
    return { messages: filled, shown: fitting.size, leftOut: images.length - fitting.size };
  };
}

const imagesOf = (message: LlmMessage): LlmImage[] =>
  message.role === "user" ? (message.attachments ?? []).filter((file) => file.kind === "image") : [];

/** The number of the oldest image that is shown. */
function firstFitting(images: LlmImage[], room: ImageRoom): number {
  let first = 0;
  let bytes = 0;
  for (const [at, image] of images.entries()) {
    bytes += image.bytes;
    if (at - first < room.count && bytes <= room.bytes) continue;
    while (first < at && (at - first >= room.count / 2 || bytes > room.bytes / 2)) {
      bytes -= images[first]?.bytes ?? 0;
      first += 1;
    }
  }
  return first;
}

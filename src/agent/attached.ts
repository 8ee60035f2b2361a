// The files of a message as its model gets them, and the images that a request has room for.

import { PDF, pagesIn } from "../attachments/attachment.ts";
import type { AttachedFile } from "../attachments/store.ts";
import type { LlmAttachment, LlmImage, LlmMessage, LlmPdf } from "../llm/llm.ts";
import type { Group } from "./context/groups.ts";

/** The part of a message that holds its files; nothing without any. */
export function attached(files: AttachedFile[] | null): { attachments?: LlmAttachment[] } {
  if (!files || files.length === 0) return {};
  return {
    attachments: files.map(({ id, kind, name, media_type, bytes, content }) =>
      kind === "image"
        ? { kind, id, name, media_type, bytes }
        : {
            kind: "text",
            name,
            media_type,
            text: content ?? "",
            ...(media_type === PDF && { pdf: { id, bytes, pages: pagesIn(content ?? "") } }),
          },
    ),
  };
}

/** What Anthropic and OpenAI take of PDFs in one request; a page counts as an image and its text. */
const MOST_PDF_PAGES = 100;
const MOST_PDF_BYTES = 10 * 1024 * 1024;

/** Marks the newest PDFs that a request has room for as shown: those of the message to answer, then those of the session before it. */
export function showPdfs(asked: LlmAttachment[], past: Group[]): { asked: LlmAttachment[]; past: Group[] } {
  let [pages, bytes] = [MOST_PDF_PAGES, MOST_PDF_BYTES];
  const show = (file: LlmAttachment): LlmAttachment => {
    if (file.kind !== "text" || !file.pdf || file.pdf.pages > pages || file.pdf.bytes > bytes) return file;
    pages -= file.pdf.pages;
    bytes -= file.pdf.bytes;
    return { ...file, pdf: { ...file.pdf, isShown: true } };
  };
  const inMessage = (message: LlmMessage): LlmMessage =>
    message.role === "user" && message.attachments
      ? { ...message, attachments: message.attachments.map(show) }
      : message;
  const first = asked.map(show);
  const shown = past
    .toReversed()
    .map((group) =>
      group.messages.some(hasPdf)
        ? { turn: group.turn, step: group.step, messages: group.messages.map(inMessage) }
        : group,
    );
  return { asked: first, past: shown.reverse() };
}

const hasPdf = (message: LlmMessage): boolean =>
  message.role === "user" && (message.attachments ?? []).some((file) => file.kind === "text" && file.pdf);

export interface ImageRoom {
  /** Images of one request, and their bytes: what all vendors take. */
  count: number;
  bytes: number;
}

const ROOM: ImageRoom = { count: 20, bytes: 15 * 1024 * 1024 };
const NO_ROOM = "a request has room for the newest images only";
const GONE = "it is not stored any more";

/** Loads files, in base64, by id. */
export type LoadFiles = (ids: string[]) => Promise<Map<string, string>>;

export interface ShownImages {
  messages: LlmMessage[];
  shown: number;
  leftOut: number;
}

/**
 * Puts the newest images into a request, and the PDFs that are shown. When there are too many images, half of the room is freed at
 * once, so that the requests that follow begin alike. Each file is loaded once.
 */
export function createFiles(load: LoadFiles, room: ImageRoom = ROOM) {
  const loaded = new Map<string, string>();
  return async (messages: LlmMessage[]): Promise<ShownImages> => {
    const images = messages.flatMap(imagesOf);
    const pdfs = messages.flatMap(pdfsOf);
    if (images.length === 0 && pdfs.length === 0) return { messages, shown: 0, leftOut: 0 };
    const fitting = new Set(images.slice(firstFitting(images, room)));
    const missing = [...fitting, ...pdfs].map(({ id }) => id).filter((id) => !loaded.has(id));
    for (const [id, data] of await load([...new Set(missing)])) loaded.set(id, data);
    const filled = messages.map((message): LlmMessage => {
      if (message.role !== "user" || !message.attachments) return message;
      const attachments = message.attachments.map((file): LlmAttachment => {
        if (file.kind === "text") return withPdf(file, loaded);
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

const pdfsOf = (message: LlmMessage): LlmPdf[] =>
  message.role === "user"
    ? (message.attachments ?? []).flatMap((file) =>
        file.kind === "text" && file.pdf?.isShown ? [file.pdf] : [],
      )
    : [];

function withPdf(
  file: Extract<LlmAttachment, { kind: "text" }>,
  loaded: ReadonlyMap<string, string>,
): LlmAttachment {
  const data = file.pdf?.isShown ? loaded.get(file.pdf.id) : undefined;
  return file.pdf && data !== undefined ? { ...file, pdf: { ...file.pdf, data } } : file;
}

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

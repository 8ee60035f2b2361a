// Files that come with a message.

export type AttachmentKind = "image" | "text";

/** A file that was read and checked, as it is stored. */
export interface ReadFile {
  kind: AttachmentKind;
  name: string;
  media_type: string;
  /** Of the file itself. */
  bytes: number;
  /** The file itself, in base64. */
  data: string;
  /** What a model reads of a text file or a PDF; null for an image. */
  content: string | null;
}

const MB = 1024 * 1024;

export const PDF = "application/pdf";
/** The first line of what a model reads of a PDF. */
export const pagesLine = (pages: number): string => `${pages} pages.`;
export const pagesIn = (content: string): number => Number(/^(\d{1,6}) pages\.\n/.exec(content)?.[1] ?? 0);

export const MOST_FILES = 10;
export const MOST_NAME_LENGTH = 255;
/** The limit of the vendors, with some room for base64. */
export const MOST_IMAGE_BYTES = 5 * MB;
export const MOST_PDF_BYTES = 10 * MB;
export const MOST_TEXT_BYTES = 2 * MB;
/** All files of one message. */
export const MOST_BYTES = 15 * MB;
/** Characters that a model reads of one file, and of all files of a message: about 30,000 and 60,000 tokens. */
export const MOST_CHARACTERS = 100_000;
export const MOST_CHARACTERS_TOGETHER = 200_000;

/** A body with attachments, which are in base64. */
export const BODY_WITH_FILES_LIMIT = 24 * MB;

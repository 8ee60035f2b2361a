// Images that a tool returns for the model to see: `injected_images: [{ mime_type, base64, name? }]`.

import { MOST_BYTES, MOST_FILES, MOST_IMAGE_BYTES, type ReadFile } from "../../attachments/attachment.ts";
import { readImage } from "../../attachments/image.ts";
import { newId } from "../../ids.ts";
import type { JsonObject } from "../../sdk/types.ts";

/** As it is stored with the result's message. */
export interface InjectedImage extends ReadFile {
  id: string;
}

export type ReadImages = { images: InjectedImage[]; problem?: undefined } | { problem: string };

const MOST_PIXELS_A_SIDE = 8_000;
const MOST_NAME = 100;

/** Undefined if there are none. What kind of image it is, its bytes decide. */
export function injectedImages(object: JsonObject | null): ReadImages | undefined {
  const given = object?.injected_images;
  if (given === undefined || given === null) return undefined;
  if (!Array.isArray(given)) return { problem: "injected_images must be a list." };
  if (given.length > MOST_FILES) {
    return { problem: `injected_images must be at most ${MOST_FILES} images; got ${given.length}.` };
  }
  const images: InjectedImage[] = [];
  for (const [at, one] of given.entries()) {
    const read = readOne(one, at);
    if (typeof read === "string") return { problem: `injected_images.${at} ${read}.` };
    images.push(read);
  }
  const bytes = images.reduce((sum, image) => sum + image.bytes, 0);
  if (bytes > MOST_BYTES) return { problem: `injected_images must have at most ${MOST_BYTES} bytes in all.` };
  return { images };
}

/** A text is the end of a sentence about what is wrong. */
function readOne(given: unknown, at: number): InjectedImage | string {
  const { base64, name } = (given ?? {}) as { base64?: unknown; name?: unknown };
  if (typeof base64 !== "string") return "must have base64, a text";
  const file = Buffer.from(base64, "base64");
  if (file.length > MOST_IMAGE_BYTES) return `must have at most ${MOST_IMAGE_BYTES} bytes`;
  const image = readImage(file);
  if (!image?.size) return "must be a whole png, jpeg, gif or webp image";
  const { size, mediaType } = image;
  if (Math.max(size.width, size.height) > MOST_PIXELS_A_SIDE)
    return `must have at most ${MOST_PIXELS_A_SIDE} pixels a side`;
  return {
    id: newId(),
    kind: "image",
    name: typeof name === "string" && name !== "" ? plainName(name) : `image-${at + 1}`,
    media_type: mediaType,
    bytes: file.length,
    data: file.toString("base64"),
    content: null,
  };
}

/** One line, for prompts and lists. */
const plainName = (name: string): string =>
  name
    .slice(0, MOST_NAME)
    .replace(/[^\p{L}\p{N} ._-]/gu, "_")
    .toWellFormed();

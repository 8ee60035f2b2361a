// Which files of a mail the bot gets.

import type { MessageAttachment } from "heddle/sdk";
import type { MailFile } from "./mail.ts";

const MB = 1_000_000;
const MOST_FILES = 10;
const MOST_TOGETHER = 14 * MB;
const IMAGES = ["image/png", "image/jpeg", "image/gif", "image/webp"];

export interface ChosenFiles {
  attachments: MessageAttachment[];
  /** A line for each file that the bot does not get. */
  left: string[];
}

export function chooseFiles(files: MailFile[]): ChosenFiles {
  const chosen: ChosenFiles = { attachments: [], left: [] };
  let together = 0;
  for (const { name, type, data } of files) {
    const isTooMuch = chosen.attachments.length >= MOST_FILES || together + data.length > MOST_TOGETHER;
    const why = isTooMuch ? "too much together" : whyNot(type, data);
    if (why !== undefined) {
      if (chosen.left.length < 30)
        chosen.left.push(`"${name.slice(0, 100)}" (${type.slice(0, 100)}, ${data.length} bytes): ${why}`);
      continue;
    }
    together += data.length;
    chosen.attachments.push({ name: name.slice(0, 200), data: data.toString("base64"), media_type: type });
  }
  return chosen;
}

function whyNot(type: string, data: Buffer): string | undefined {
  if (data.length === 0) return "empty";
  if (IMAGES.includes(type)) return data.length > 5 * MB ? "larger than 5 MB" : undefined;
  if (type === "application/pdf") return data.length > 10 * MB ? "larger than 10 MB" : undefined;
  if (!isText(type)) return "of a kind that bots cannot read";
  if (data.length > 2 * MB) return "larger than 2 MB";
  return data.includes(0) ? "of a kind that bots cannot read" : undefined;
}

const isText = (type: string): boolean =>
  type.startsWith("text/") || type === "message/rfc822" || /^application\/(json|xml|yaml|csv)$/.test(type);

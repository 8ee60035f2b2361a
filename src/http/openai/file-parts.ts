// Images and files in the parts of a message, of both forms of the API.

import type { MessageAttachment } from "../../sdk/types.ts";
import { invalid, isObject } from "./invalid.ts";

/** Reads a part of the type `image_url`, `file`, `input_image` or `input_file`; `number` names a file without a name. */
export function fileIn(part: unknown, field: string, number: number): MessageAttachment {
  if (!isObject(part)) throw invalid(field, "an object");
  switch (part.type) {
    case "image_url": {
      const url = isObject(part.image_url) ? part.image_url.url : part.image_url;
      return { name: `image-${number}`, ...fromDataUrl(url, `${field}.image_url.url`) };
    }
    case "input_image":
      return { name: `image-${number}`, ...fromDataUrl(part.image_url, `${field}.image_url`) };
    case "file":
      if (!isObject(part.file)) throw invalid(`${field}.file`, "an object");
      return namedFile(part.file, `${field}.file`, number);
    case "input_file":
      return namedFile(part, field, number);
    default: {
      const kind = JSON.stringify(part.type) ?? "a part without a type";
      throw invalid(field, `a part with text, an image or a file; this server does not take ${kind} here`);
    }
  }
}

function namedFile(file: Record<string, unknown>, field: string, number: number): MessageAttachment {
  const { filename, file_data } = file;
  const name = typeof filename === "string" && filename !== "" ? filename : `file-${number}`;
  return { name, ...fromDataUrl(file_data, `${field}.file_data`, { isBareTaken: true }) };
}

const DATA_URL = /^data:([^;,]{0,100})(?:;[^;,]{1,100}){0,3};base64,/i;
const LONGEST_HEAD = 500;

function fromDataUrl(
  value: unknown,
  field: string,
  { isBareTaken = false } = {},
): Pick<MessageAttachment, "data" | "media_type"> {
  const head = typeof value === "string" ? DATA_URL.exec(value.slice(0, LONGEST_HEAD)) : null;
  if (typeof value === "string" && head) {
    return { data: value.slice(head[0].length), ...(head[1] && { media_type: head[1] }) };
  }
  if (isBareTaken && typeof value === "string" && value !== "" && !value.includes(":"))
    return { data: value };
  throw invalid(
    field,
    'a URL with the data itself ("data:image/png;base64,…"); this server fetches no addresses and keeps no files to refer to',
  );
}

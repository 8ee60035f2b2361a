// Files that tools send with an answer.

export interface SentFile {
  name: string;
  data: Buffer;
  type: string | undefined;
}

/** What most mail servers take, before base64 makes it larger. */
const MOST_BYTES = 18_000_000;

export function attachedFiles(actions: Record<string, unknown>[]): SentFile[] {
  const files: SentFile[] = [];
  let together = 0;
  for (const { type, filename, data, mime_type } of actions) {
    if ((type !== "upload_file" && type !== "upload_image") || typeof data !== "string") continue;
    const bytes = Buffer.from(data, "base64");
    together += bytes.length;
    if (together > MOST_BYTES) break;
    files.push({
      name: typeof filename === "string" && filename !== "" ? filename : "file",
      data: bytes,
      type: typeof mime_type === "string" ? mime_type : undefined,
    });
  }
  return files;
}

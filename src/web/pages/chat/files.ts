// Files on their way to a bot. The server decides what they are and how large they may be.

import { type ChatFile, setFiles } from "./chat-store.ts";
import { newKey } from "./new-key.ts";

const PREVIEWED = new Set(["image/png", "image/jpeg", "image/gif", "image/webp"]);

export function addFiles(place: string, files: Iterable<File>): void {
  const added = [...files].map((file): ChatFile => {
    const preview = PREVIEWED.has(file.type) ? URL.createObjectURL(file) : undefined;
    return { id: newKey(), file, preview };
  });
  setFiles(place, (before) => [...before, ...added]);
}

export function removeFile(place: string, { id, preview }: ChatFile): void {
  if (preview !== undefined) URL.revokeObjectURL(preview);
  setFiles(place, (before) => before.filter((one) => one.id !== id));
}

/** As the API takes it. */
export async function encoded(file: File): Promise<{ name: string; data: string; media_type?: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const reader = new FileReader();
  reader.onload = () => resolve(String(reader.result));
  reader.onerror = () => reject(new Error(`${file.name} cannot be read. Choose it again.`));
  reader.readAsDataURL(file);
  const address = await promise;
  return {
    name: file.name || "pasted file",
    data: address.slice(address.indexOf(",") + 1),
    ...(file.type !== "" && { media_type: file.type }),
  };
}

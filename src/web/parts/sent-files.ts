// The files that tools have sent with an answer.

import type { components } from "../api/openapi.gen.ts";

export interface ShownFile {
  href: string;
  name: string;
  isImage: boolean;
  bytes: number;
  caption?: string;
}

type Message = Pick<components["schemas"]["Message"], "id" | "session_id" | "files">;

export const sentFiles = ({ id, session_id, files }: Message): ShownFile[] =>
  files.map(({ number, kind, name, caption, bytes }) => ({
    href: `/api/v1/sessions/${session_id}/messages/${id}/files/${number}`,
    name,
    isImage: kind === "image",
    bytes,
    caption,
  }));

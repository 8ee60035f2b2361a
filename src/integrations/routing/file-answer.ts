// A file as an answer: whole, the part of it that was asked for, or only that it has not changed (RFC 9110, 13 and 14).

export interface FileAnswer {
  changedAt: Date;
  headers: Record<string, string>;
  /** The headers of the request. */
  asked?: Headers | undefined;
}

export function answerFile(
  content: Blob,
  { changedAt, headers, asked = new Headers() }: FileAnswer,
): Response {
  const etag = `"${content.size.toString(36)}-${changedAt.getTime().toString(36)}"`;
  const all = { ...headers, etag, "last-modified": changedAt.toUTCString(), "accept-ranges": "bytes" };
  if (isKnown(asked, etag, changedAt)) {
    const { "content-type": _, ...others } = all as Record<string, string>;
    return new Response(null, { status: 304, headers: others });
  }
  const part = partOf(asked, etag, content.size);
  if (!part) return new Response(content, { headers: all });
  if (part === "none") {
    return new Response(null, {
      status: 416,
      headers: { ...all, "content-range": `bytes */${content.size}` },
    });
  }
  const { start, end } = part;
  return new Response(content.slice(start, end + 1), {
    status: 206,
    headers: { ...all, "content-range": `bytes ${start}-${end}/${content.size}` },
  });
}

/** Whether the browser has this version of the file. */
function isKnown(asked: Headers, etag: string, changedAt: Date): boolean {
  const tags = asked.get("if-none-match");
  if (tags !== null)
    return tags.split(",").some((tag) => ["*", etag].includes(tag.trim().replace(/^W\//, "")));
  const since = Date.parse(asked.get("if-modified-since") ?? "");
  return Math.floor(changedAt.getTime() / 1000) * 1000 <= since;
}

/** One range; of several, which hardly anything asks for, the whole file is sent. "none": there are no such bytes. */
function partOf(
  asked: Headers,
  etag: string,
  size: number,
): { start: number; end: number } | "none" | undefined {
  const [, first = "", last = ""] =
    /^bytes=(\d{0,15})-(\d{0,15})$/.exec(asked.get("range")?.trim() ?? "") ?? [];
  const version = asked.get("if-range");
  if ((first === "" && last === "") || (version !== null && version !== etag)) return undefined;
  const start = first === "" ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === "" || last === "" ? size - 1 : Math.min(Number(last), size - 1);
  if (first !== "" && last !== "" && Number(last) < start) return undefined;
  return start < size && start <= end ? { start, end } : "none";
}

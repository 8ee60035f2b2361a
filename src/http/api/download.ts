// A file as an answer.

export interface Download {
  kind: string;
  name: string;
  media_type: string;
  file: Uint8Array<ArrayBuffer>;
}

/** A browser saves the file and shows nothing of it: whoever made it may have put a page or a script into it. */
export function download({ kind, name, media_type, file }: Download): Response {
  const plain = name.replace(/[^\w.-]/g, "_");
  const encoded = encodeURIComponent(name.toWellFormed()).replace(
    /['()*]/g,
    (letter) => `%${letter.charCodeAt(0).toString(16)}`,
  );
  return new Response(file, {
    headers: {
      "content-type": kind === "image" ? media_type : "application/octet-stream",
      "content-disposition": `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`,
      "content-security-policy": "default-src 'none'; sandbox",
    },
  });
}

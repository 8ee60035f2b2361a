/** The bytes of an answer, or why there are none: what a service says of a file's size need not be true. */
export async function readAtMost(answer: Response, most: number): Promise<Uint8Array | string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of answer.body ?? []) {
    length += chunk.byteLength;
    if (length > most) return `it is larger than ${most} bytes`;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

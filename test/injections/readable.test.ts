// Files are read as the server reads them.

import { expect, test } from "bun:test";
import type { MessageAttachment } from "heddle/sdk";
import { injectReadable, isRefused } from "../../integrations/_injections/readable.ts";
import { createReadFiles } from "../../src/attachments/read-files.ts";
import { HeddleError } from "../../src/errors.ts";

const readFiles = createReadFiles({ readPdf: async () => ({ ok: false, reason: "it is damaged" }) });
const MB = 1024 * 1024;
const file = (name: string, bytes: Buffer): MessageAttachment => ({ name, data: bytes.toString("base64") });
const PNG = Buffer.from("89504e470d0a1a0a0000000d49484452", "hex");

/** What the server keeps of a message with these files. */
async function kept(attachments: MessageAttachment[], content = "See"): Promise<[string, number]> {
  const inject = async (message: { content: string; attachments?: MessageAttachment[] }) => {
    const files = await readFiles(message.attachments ?? []);
    return [message.content, files.length] as [string, number];
  };
  return injectReadable(inject, { content, attachments });
}

test.each([
  ["long.log", Buffer.alloc(3 * MB, "a line\n"), '"long.log" must have at most 2 MB; it has 3 MB.'],
  ["big.png", Buffer.concat([PNG, Buffer.alloc(6 * MB)]), '"big.png" must have at most 5 MB; it has 6.1 MB.'],
  ["bad.pdf", Buffer.from("%PDF-1.7"), 'The PDF "bad.pdf" cannot be read: it is damaged.'],
])("a message with %s comes without it, and says why", async (name, bytes, reason) => {
  const told = `(Files that cannot be read: ${name}. ${reason})`;
  expect(await kept([file(name, bytes)])).toEqual([`See\n\n${told}`, 0]);
  expect(await kept([file(name, bytes)], "")).toEqual([told, 0]);
});

test("what can be read stays, and what else fails is not about the files", async () => {
  expect(await kept([file("a.txt", Buffer.from("hello"))])).toEqual(["See", 1]);
  const failing = async () => {
    throw new HeddleError("unavailable", "The database is away.");
  };
  const message = { content: "See", attachments: [file("a.txt", Buffer.from("hello"))] };
  await expect(injectReadable(failing, message)).rejects.toThrow("The database is away.");
  expect(
    [new HeddleError("payload_too_large", "x"), new HeddleError("unavailable", "x"), null].map(isRefused),
  ).toEqual([true, false, false]);
});

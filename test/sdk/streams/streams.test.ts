import { describe, expect, test } from "bun:test";
import { readJsonLines } from "../../../src/sdk/streams/read-json-lines.ts";
import { type LineOptions, readLines } from "../../../src/sdk/streams/read-lines.ts";
import { readSse } from "../../../src/sdk/streams/read-sse.ts";

/** The text as bytes in pieces of this size. */
function stream(text: string, size = 1_000_000, onCancel = () => {}): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) controller.close();
      else controller.enqueue(bytes.slice(at, at + size));
      at += size;
    },
    cancel: onCancel,
  });
}

const all = <Item>(items: AsyncIterable<Item>) => Array.fromAsync(items);
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => "none",
    ({ code }) => code,
  );

test.each([1, 2, 3, 1000])("all line ends are recognised in pieces of %p bytes", async (size) => {
  const text = "one\r\ntwo\n\nthree\rfour ä😀\r\n\r\nlast";
  expect(await all(readLines(stream(text, size)))).toEqual([
    "one",
    "two",
    "",
    "three",
    "four ä😀",
    "",
    "last",
  ]);
});

describe("readJsonLines", () => {
  test("reads values, without blank lines, also from an answer", async () => {
    const text = '{"a":1}\n\n [2] \n"x"';
    expect(await all(readJsonLines(new Response(text)))).toEqual([{ a: 1 }, [2], "x"]);
    expect(await all(readJsonLines(stream(text, 1)))).toEqual([{ a: 1 }, [2], "x"]);
    expect(await all(readJsonLines(new Response(null)))).toEqual([]);
  });

  test("reports which line is not JSON, and closes the source", async () => {
    let isCancelled = false;
    const source = stream(`1\n{"a"\n${"3\n".repeat(100)}`, 4, () => {
      isCancelled = true;
    });
    const error = await all(readJsonLines(source)).catch((reason: unknown) => reason as Error);
    expect(String(error)).toContain("Line 2 of the stream must be JSON");
    expect(isCancelled).toBe(true);
  });

  test("the length of a line is limited, however it arrives", async () => {
    const options: LineOptions = { maxLength: 100 };
    for (const size of [1, 7, 1000]) {
      expect(await codeOf(all(readJsonLines(stream(`"${"x".repeat(200)}"`, size), options)))).toBe(
        "payload_too_large",
      );
    }
  });
});

describe("readSse", () => {
  test("reads events with their names, ids and reconnection delays", async () => {
    const text =
      '\uFEFF: hello\n\nid: 1\nevent: note\ndata: a\ndata:b\nretry: 500\n\ndata\n\nevent: nothing\n\ndata: {"x":1}\n\ndata: cut';
    for (const size of [1, 5, 1000]) {
      expect(await all(readSse(stream(text, size)))).toEqual([
        { event: "note", data: "a\nb", id: "1", retry: 500 },
        { event: "message", data: "", id: "1", retry: 500 },
        { event: "message", data: '{"x":1}', id: "1", retry: 500 },
      ]);
    }
  });

  test("the length of an event's data is limited", async () => {
    const text = "data: 0123456789\n".repeat(20);
    expect(await codeOf(all(readSse(stream(text), { maxLength: 100 })))).toBe("payload_too_large");
  });
});

import { expect, test } from "bun:test";
import { createLineWriter } from "../../src/runtime/line-writer.ts";

/** A stream whose writes complete when and how the test decides. */
function fakeStream() {
  const written: string[] = [];
  const pending: (() => void)[] = [];
  const state = { mode: "works" as "works" | "fails" | "blocks" | "throws" };
  return {
    written,
    state,
    write(text: string, done: (error?: Error | null) => void) {
      if (state.mode === "throws") throw new Error("no more");
      const end = () => {
        if (state.mode === "fails") done(new Error("ENOSPC"));
        else {
          written.push(text);
          done();
        }
      };
      if (state.mode === "blocks") pending.push(end);
      else end();
    },
    unblock() {
      state.mode = "works";
      for (const end of pending.splice(0)) end();
    },
  };
}

const notice = (lost: number) => `lost ${lost}\n`;

test("counts lines that cannot be written, and reports them when writing works again", () => {
  for (const mode of ["fails", "throws"] as const) {
    const stream = fakeStream();
    const writer = createLineWriter({ stream, notice });
    writer.write("1\n");
    stream.state.mode = mode;
    for (let n = 0; n < 5; n++) writer.write("x\n");
    stream.state.mode = "works";
    writer.write("2\n");
    writer.write("3\n");
    // A part of the failed line may have been written.
    expect(stream.written).toEqual(["1\n", "\n2\n", "lost 5\n", "3\n"]);
  }
});

test("a lost notice is made up for by the next one", () => {
  const stream = fakeStream();
  const writer = createLineWriter({ stream, notice });
  stream.state.mode = "fails";
  writer.write("x\n");
  stream.state.mode = "works";
  const { write } = stream;
  stream.write = (text, done) => (text.includes("lost") ? done(new Error("ENOSPC")) : write(text, done));
  writer.write("1\n");
  stream.write = write;
  writer.write("2\n");
  expect(stream.written).toEqual(
    ["1\n", "\n2\n", "lost 1\n"].map((line, at) => (at === 0 ? `\n${line}` : line)),
  );
});

test("the amount of waiting output is bounded", () => {
  const stream = fakeStream();
  const writer = createLineWriter({ stream, notice, maxWaiting: 100 });
  stream.state.mode = "blocks";
  for (let n = 0; n < 50; n++) writer.write("123456789\n");
  stream.unblock();
  writer.write("next\n");
  expect(stream.written.filter((line) => line === "123456789\n")).toHaveLength(10);
  expect(stream.written.filter((line) => line.startsWith("lost"))).toEqual(["lost 40\n"]);
  expect(stream.written.at(-1)).toBe("next\n");
});

test("a line longer than the bound is written if nothing is waiting", () => {
  const stream = fakeStream();
  createLineWriter({ stream, notice, maxWaiting: 10 }).write("a line of its own\n");
  expect(stream.written).toEqual(["a line of its own\n"]);
});

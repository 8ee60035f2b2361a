import { expect, test } from "bun:test";
import { fileOf, readRecording } from "../../src/transcription/audio.ts";

const samples = (count: number, value: (n: number) => number = () => 0) =>
  new Uint8Array(Float32Array.from({ length: count }, (_, n) => value(n)).buffer);
const some = new Uint8Array([1, 2, 3]);

test.each([
  [null, "pcm_f32le"],
  ["application/octet-stream", "pcm_f32le"],
  ["audio/wav", "wav"],
  ["audio/x-wav", "wav"],
  ["Audio/MPEG", "mp3"],
  ["audio/webm;codecs=opus", "webm"],
  ["video/webm", "webm"],
  ["audio/x-m4a", "m4a"],
  ["audio/mp4", "m4a"],
  ["audio/ogg", "ogg"],
  ["audio/flac", "flac"],
  ["audio/amr", "amr"],
])("%s is %s", (type, format) => {
  expect(readRecording(type, format === "pcm_f32le" ? samples(1600) : some).format).toBe(format);
});

test.each([["text/plain"], ["video/avi"], ["multipart/form-data"], ["audio/../x"], ["nonsense"]])(
  "%s is rejected",
  (type) => {
    expect(() => readRecording(type, some)).toThrow(
      expect.objectContaining({ code: "unsupported_media_type" }),
    );
  },
);

test.each([
  ["nothing", samples(0)],
  ["an incomplete sample", new Uint8Array(6401)],
  ["too short", samples(1599)],
  ["too long", samples(60 * 16_000 + 1)],
  ["not a number", samples(1600, (n) => (n === 800 ? Number.NaN : 0))],
  ["infinite", samples(1600, () => Number.POSITIVE_INFINITY)],
])("raw samples: %s", (_, bytes) => {
  expect(() => readRecording(null, bytes)).toThrow(
    expect.objectContaining({ code: "bad_request", field: "body" }),
  );
});

test("accepts the exact limits, and samples at any offset in a buffer", () => {
  expect(readRecording(null, samples(1600)).bytes.byteLength).toBe(6400);
  expect(readRecording(null, samples(60 * 16_000)).format).toBe("pcm_f32le");
  const shifted = new Uint8Array(6401).subarray(1);
  expect(readRecording(null, shifted).bytes).toBe(shifted);
});

test("raw samples become a 16-bit WAV file", async () => {
  const values = [0, 0.5, -0.5, 1, -1, 2, -2];
  const file = fileOf(
    readRecording(
      null,
      samples(1600, (n) => values[n] ?? 0),
    ),
  );
  expect([file.name, file.type, file.size]).toEqual(["recording.wav", "audio/wav", 44 + 3200]);
  const view = new DataView(await file.arrayBuffer());
  const word = (at: number) => new TextDecoder().decode(new Uint8Array(view.buffer, at, 4));
  expect([word(0), word(8), word(12), word(36)]).toEqual(["RIFF", "WAVE", "fmt ", "data"]);
  expect([view.getUint32(4, true), view.getUint32(40, true)]).toEqual([36 + 3200, 3200]);
  expect([view.getUint16(20, true), view.getUint16(22, true), view.getUint32(24, true)]).toEqual([
    1, 1, 16_000,
  ]);
  expect(values.map((_, n) => view.getInt16(44 + 2 * n, true))).toEqual([
    0, 16_384, -16_383, 32_767, -32_767, 32_767, -32_767,
  ]);
});

test("a file is passed on unchanged", async () => {
  const file = fileOf(readRecording("audio/mpeg", some));
  expect([file.name, file.type]).toEqual(["recording.mp3", "audio/mpeg"]);
  expect(new Uint8Array(await file.arrayBuffer())).toEqual(some);
});

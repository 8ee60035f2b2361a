import { expect, test } from "bun:test";
import { createLineRing, type LineRing } from "../../src/web/parts/line-ring.ts";

const line = (id: number) => ({ id });

function ringWithFrames(limit: number) {
  const frames: (() => void)[] = [];
  const ring = createLineRing<{ id: number }>({ limit, onFrame: (callback) => frames.push(callback) });
  return { ring, frames, nextFrame: () => frames.splice(0).forEach((frame) => void frame()) };
}

const ids = (ring: LineRing<{ id: number }>) => ring.shown().lines.map(({ id }) => id);

test("lines of one frame are shown together, once", () => {
  const { ring, frames, nextFrame } = ringWithFrames(10);
  let told = 0;
  ring.subscribe(() => (told += 1));
  for (let id = 1; id <= 5; id++) ring.add(line(id));
  expect([ids(ring), told, frames.length]).toEqual([[], 0, 1]);
  nextFrame();
  expect([ids(ring), told]).toEqual([[1, 2, 3, 4, 5], 1]);
});

test("the oldest lines go, whether they were shown or wait for a frame", () => {
  const { ring, nextFrame } = ringWithFrames(4);
  for (let id = 1; id <= 3; id++) ring.add(line(id));
  nextFrame();
  for (let id = 4; id <= 6; id++) ring.add(line(id));
  nextFrame();
  expect(ids(ring)).toEqual([3, 4, 5, 6]);
  // A hidden tab gets no frames, while lines go on arriving.
  for (let id = 7; id <= 1_000; id++) ring.add(line(id));
  nextFrame();
  expect(ids(ring).length).toBeLessThanOrEqual(4);
  expect(ids(ring).at(-1)).toBe(1_000);
});

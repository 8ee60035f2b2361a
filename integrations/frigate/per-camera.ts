// Settings that a camera may have of its own: "300, door=60" is 60 at the camera "door", and 300 at all others. In lists, "person, garden=cat, garden=dog"
// is cat and dog in the garden, and person elsewhere.

import { listOf } from "./config.ts";

/** The words of a setting for this camera: its own ones if it has any. */
export function wordsFor(camera: string, setting: string): string[] {
  const all = listOf(setting).map((word) => {
    const at = word.indexOf("=");
    return { for: at < 0 ? undefined : word.slice(0, at).trim(), word: word.slice(at + 1).trim() };
  });
  const own = all.filter((one) => one.for === camera);
  const chosen = own.length > 0 ? own : all.filter((one) => one.for === undefined);
  return chosen.map(({ word }) => word).filter((word) => word !== "");
}

/** The number of a setting for this camera; `fallback` where the setting has only those of other cameras. */
export function numberFor(camera: string, setting: string, fallback: number): number {
  const [first] = wordsFor(camera, setting);
  return first === undefined ? fallback : Number(first);
}

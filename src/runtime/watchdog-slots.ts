// The memory that the server and its watchdog share: a counter that the event loop raises, and what the server is at.
//
//   Int32 0: the counter of the event loop
//   Int32 1: 1 when the watchdog is to look
//   then SLOTS times: Int32 order (0: free), Int32 length, LABEL_BYTES of UTF-8

const SLOTS = 64;
const LABEL_BYTES = 200;
const SLOT_BYTES = 8 + LABEL_BYTES;
const HEAD_BYTES = 8;

export const sharedMemory = (): SharedArrayBuffer => new SharedArrayBuffer(HEAD_BYTES + SLOTS * SLOT_BYTES);

export interface Slots {
  beat(): void;
  beats(): number;
  arm(): void;
  isArmed(): boolean;
  /** Takes a slot; -1 when none is free. */
  begin(label: string): number;
  end(slot: number): void;
  /** Of those that have begun and not ended, the latest first. */
  underWay(): string[];
}

export function slotsOf(memory: SharedArrayBuffer): Slots {
  const numbers = new Int32Array(memory);
  const bytes = new Uint8Array(memory);
  let order = 0;
  const at = (slot: number) => HEAD_BYTES + slot * SLOT_BYTES;

  return {
    beat: () => void Atomics.add(numbers, 0, 1),
    beats: () => Atomics.load(numbers, 0),
    arm: () => void Atomics.store(numbers, 1, 1),
    isArmed: () => Atomics.load(numbers, 1) === 1,
    begin(label) {
      for (let slot = 0; slot < SLOTS; slot++) {
        const start = at(slot);
        if (Atomics.load(numbers, start / 4) !== 0) continue;
        const text = new TextEncoder().encode(label).subarray(0, LABEL_BYTES);
        bytes.set(text, start + 8);
        Atomics.store(numbers, start / 4 + 1, text.length);
        Atomics.store(numbers, start / 4, ++order);
        return slot;
      }
      return -1;
    },
    end(slot) {
      if (slot >= 0) Atomics.store(numbers, at(slot) / 4, 0);
    },
    underWay() {
      const found: { order: number; label: string }[] = [];
      for (let slot = 0; slot < SLOTS; slot++) {
        const start = at(slot);
        const order = Atomics.load(numbers, start / 4);
        if (order === 0) continue;
        const length = Atomics.load(numbers, start / 4 + 1);
        // A copy: a decoder takes no shared memory.
        const label = new TextDecoder().decode(
          Uint8Array.from(bytes.subarray(start + 8, start + 8 + length)),
        );
        found.push({ order, label });
      }
      return found.sort((a, b) => b.order - a.order).map(({ label }) => label);
    },
  };
}

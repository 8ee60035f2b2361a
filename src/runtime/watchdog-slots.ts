// The memory shared by the server and its watchdog: a counter that the event loop increments, and the running
// activities.
//
//   Int32 0: the counter of the event loop
//   Int32 1: 1 when the watchdog is armed
//   then SLOTS times: Int32 order (0: free), then label and subject, each an Int32 length and its UTF-8 bytes

const SLOTS = 64;
const LABEL_BYTES = 200;
const SUBJECT_BYTES = 800;
const SUBJECT_AT = 8 + LABEL_BYTES;
const SLOT_BYTES = SUBJECT_AT + 4 + SUBJECT_BYTES;
const HEAD_BYTES = 8;
const NOTHING = new Uint8Array(0);

export const sharedMemory = (): SharedArrayBuffer => new SharedArrayBuffer(HEAD_BYTES + SLOTS * SLOT_BYTES);

export interface Slots {
  beat(): void;
  beats(): number;
  arm(): void;
  isArmed(): boolean;
  /** Takes a slot; returns -1 if none is free. */
  begin(label: string, subject?: string): number;
  end(slot: number): void;
  /** Running activities, latest first. */
  underWay(): UnderWay[];
}

export interface UnderWay {
  label: string;
  /** "" if it has none. */
  subject: string;
}

export function slotsOf(memory: SharedArrayBuffer): Slots {
  const numbers = new Int32Array(memory);
  const bytes = new Uint8Array(memory);
  const encoder = new TextEncoder();
  let order = 0;
  const at = (slot: number) => HEAD_BYTES + slot * SLOT_BYTES;
  const write = (start: number, text: string, limit: number) => {
    // Most activities have no subject.
    const encoded = text === "" ? NOTHING : encoder.encode(text).subarray(0, limit);
    bytes.set(encoded, start + 4);
    Atomics.store(numbers, start / 4, encoded.length);
  };
  const read = (start: number): string => {
    const length = Atomics.load(numbers, start / 4);
    // TextDecoder does not accept shared memory, so decode a copy.
    return new TextDecoder().decode(Uint8Array.from(bytes.subarray(start + 4, start + 4 + length)));
  };

  return {
    beat: () => void Atomics.add(numbers, 0, 1),
    beats: () => Atomics.load(numbers, 0),
    arm: () => void Atomics.store(numbers, 1, 1),
    isArmed: () => Atomics.load(numbers, 1) === 1,
    begin(label, subject = "") {
      for (let slot = 0; slot < SLOTS; slot++) {
        const start = at(slot);
        if (Atomics.load(numbers, start / 4) !== 0) continue;
        write(start + 4, label, LABEL_BYTES);
        write(start + SUBJECT_AT, subject, SUBJECT_BYTES);
        Atomics.store(numbers, start / 4, ++order);
        return slot;
      }
      return -1;
    },
    end(slot) {
      if (slot >= 0) Atomics.store(numbers, at(slot) / 4, 0);
    },
    underWay() {
      const found: (UnderWay & { order: number })[] = [];
      for (let slot = 0; slot < SLOTS; slot++) {
        const start = at(slot);
        const order = Atomics.load(numbers, start / 4);
        if (order === 0) continue;
        found.push({ order, label: read(start + 4), subject: read(start + SUBJECT_AT) });
      }
      return found.sort((a, b) => b.order - a.order).map(({ label, subject }) => ({ label, subject }));
    },
  };
}

import { type Key, keyOf, keyRing } from "../../src/secrets/key-ring.ts";
import { createVault } from "../../src/secrets/vault.ts";

/** A key made of 32 copies of this byte. */
export const testKey = (byte: number): Key => keyOf(Buffer.alloc(32, byte).toString("hex"));

export const testVault = (byte = 7) => createVault(keyRing(testKey(byte)));

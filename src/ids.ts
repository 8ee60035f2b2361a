import { v5, v7 } from "uuid";

/** A new UUIDv7: ids made later sort later. */
export const newId = (): string => v7();

/** The one UUID of these words within `id`. */
export const derivedId = (id: string, ...words: (string | number)[]): string => v5(JSON.stringify(words), id);

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export const isUuid = (text: string): boolean => UUID.test(text);

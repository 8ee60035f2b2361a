// The word vectors inside Heddle. Their file is read as it is: typed arrays over one buffer, without any parsing.
//
// The format, little-endian: the eight bytes "HDLWORD1"; u32 number of words; u32 dimensions; then one array after the
// other: u32 hashes of the words, ascending; f32 scales; i8 rows; u8 weights. A vector is its row times its scale.

export const MAGIC = "HDLWORD1";
export const HEADER_BYTES = 16;
/** A weight is stored as a byte: 255 is 1. */
export const FULL_WEIGHT = 255;

export interface WordVectors {
  readonly dimensions: number;
  /** The word's index; -1 if it is unknown. */
  find(word: string): number;
  /** From 0 (the most frequent words, which say nothing about a text) to 1. */
  weight(index: number): number;
  /** Adds the word's vector times `factor` to the first elements of `sum`. */
  addTo(sum: Float32Array, index: number, factor: number): void;
  /** Of the vectors of two words. */
  cosine(index: number, other: number): number;
}

/** Throws for a file of another format. */
export function readWordVectors(file: ArrayBuffer): WordVectors {
  const header = new DataView(file);
  const magic = Buffer.from(file, 0, MAGIC.length).toString("latin1");
  const count = header.getUint32(8, true);
  const dimensions = header.getUint32(12, true);
  const expected = HEADER_BYTES + count * (4 + 4 + dimensions + 1);
  if (magic !== MAGIC || file.byteLength !== expected)
    throw new Error("The file is not one of word vectors.");
  const hashes = new Uint32Array(file, HEADER_BYTES, count);
  const scales = new Float32Array(file, HEADER_BYTES + count * 4, count);
  const rows = new Int8Array(file, HEADER_BYTES + count * 8, count * dimensions);
  const weights = new Uint8Array(file, HEADER_BYTES + count * (8 + dimensions), count);
  return {
    dimensions,
    find(word) {
      const wanted = hashWord(word);
      let [low, high] = [0, count - 1];
      while (low <= high) {
        const middle = (low + high) >>> 1;
        const hash = hashes[middle] as number;
        if (hash === wanted) return middle;
        if (hash < wanted) low = middle + 1;
        else high = middle - 1;
      }
      return -1;
    },
    weight: (index) => (weights[index] ?? 0) / FULL_WEIGHT,
    addTo(sum, index, factor) {
      const scale = (scales[index] ?? 0) * factor;
      const first = index * dimensions;
      for (let at = 0; at < dimensions; at++) {
        sum[at] = (sum[at] as number) + (rows[first + at] as number) * scale;
      }
    },
    cosine(index, other) {
      const [first, second] = [index * dimensions, other * dimensions];
      let [dot, ofFirst, ofSecond] = [0, 0, 0];
      for (let at = 0; at < dimensions; at++) {
        const [one, two] = [rows[first + at] as number, rows[second + at] as number];
        dot += one * two;
        ofFirst += one * one;
        ofSecond += two * two;
      }
      return dot === 0 ? 0 : dot / Math.sqrt(ofFirst * ofSecond);
    },
  };
}

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** FNV-1a over UTF-16 code units, continued from `hash`. */
export const hashUnit = (hash: number, unit: number): number => Math.imul(hash ^ unit, FNV_PRIME);

export const HASH_START = FNV_OFFSET;

export function hashWord(word: string): number {
  let hash = HASH_START;
  for (let at = 0; at < word.length; at++) hash = hashUnit(hash, word.charCodeAt(at));
  return hash >>> 0;
}

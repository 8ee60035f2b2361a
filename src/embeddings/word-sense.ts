import type { LoadWordSense, WordSense } from "../search/word-sense.ts";
import { readWordVectors, type WordVectors } from "./word-vectors.ts";

/** What the word vectors inside Heddle know of single words. `load` reads their file; it is called once, when they are needed first. */
export function createWordSense(load: () => Promise<ArrayBuffer>): LoadWordSense {
  let sense: Promise<WordSense> | undefined;
  return () => {
    sense ??= load().then((file) => senseOf(readWordVectors(file)));
    return sense;
  };
}

function senseOf(vectors: WordVectors): WordSense {
  return {
    weight(word) {
      const index = vectors.find(word);
      return index === -1 ? undefined : vectors.weight(index);
    },
    similarity(one, other) {
      const [first, second] = [vectors.find(one), vectors.find(other)];
      return first === -1 || second === -1 ? 0 : vectors.cosine(first, second);
    },
  };
}

/** What is known of single words in general, not of the texts that are searched. */
export interface WordSense {
  /** From 0 (the most frequent words, which say nothing about a text) to 1; undefined for a word that it does not know. */
  weight(word: string): number | undefined;
  /** The cosine similarity of two words; 0 if it does not know one of them. */
  similarity(one: string, other: string): number;
}

/** Loaded when it is needed first. */
export type LoadWordSense = () => Promise<WordSense>;

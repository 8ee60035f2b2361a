// Ranks tools by how well their names and descriptions fit some words: BM25 (Robertson and Zaragoza 2009, with its usual k1 and b)
// in memory, because a run has hundreds of tools at most. Everything is linear in the texts, which may come from outside.

export interface Ranked {
  name: string;
  description: string;
}

/** Those that fit at all, best first; equal ones by name. */
export type RankTools = <Tool extends Ranked>(tools: Iterable<Tool>, query: string) => Tool[];

const K1 = 1.2;
const B = 0.75;
/** A word of the name says more than one of the description. */
const NAME_WEIGHT = 3;
/** Characters of a description that count. */
const MOST_TEXT = 4_000;

interface Terms {
  counts: Map<string, number>;
  length: number;
}

/** Remembers the terms of each tool for as long as the tool exists. */
export function createToolRanking(): RankTools {
  const known = new WeakMap<Ranked, Terms>();
  const termsOf = (tool: Ranked): Terms => {
    const terms = known.get(tool) ?? countTerms(tool);
    known.set(tool, terms);
    return terms;
  };
  return (tools, query) => {
    const all = [...tools].map((tool) => ({ tool, terms: termsOf(tool) }));
    const wanted = [...new Set(words(query))];
    const average = all.reduce((sum, { terms }) => sum + terms.length, 0) / Math.max(all.length, 1);
    const rarity = new Map(
      wanted.map((word) => {
        const having = all.filter(({ terms }) => terms.counts.has(word)).length;
        return [word, Math.log(1 + (all.length - having + 0.5) / (having + 0.5))];
      }),
    );
    const scoreOf = ({ counts, length }: Terms): number =>
      wanted.reduce((sum, word) => {
        const count = counts.get(word) ?? 0;
        const saturated = (count * (K1 + 1)) / (count + K1 * (1 - B + (B * length) / average));
        return count === 0 ? sum : sum + (rarity.get(word) ?? 0) * saturated;
      }, 0);
    return all
      .map(({ tool, terms }) => ({ tool, score: scoreOf(terms) }))
      .filter(({ score }) => score > 0)
      .sort((a, b) => b.score - a.score || (a.tool.name < b.tool.name ? -1 : 1))
      .map(({ tool }) => tool);
  };
}

function countTerms({ name, description }: Ranked): Terms {
  const counts = new Map<string, number>();
  let length = 0;
  const add = (text: string, weight: number) => {
    for (const word of words(text)) {
      counts.set(word, (counts.get(word) ?? 0) + weight);
      length += weight;
    }
  };
  add(name, NAME_WEIGHT);
  add(description.slice(0, MOST_TEXT), 1);
  return { counts, length };
}

const CAMEL = /([\p{Ll}\d])(\p{Lu})/gu;
const BETWEEN = /[^\p{L}\p{M}\p{N}]+/u;
/** Written without spaces, so that their pairs of characters are taken for words. */
const UNSPACED = /[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Hangul}]/u;

function words(text: string): string[] {
  return text
    .replace(CAMEL, "$1 $2")
    .toLowerCase()
    .split(BETWEEN)
    .filter((word) => word !== "")
    .flatMap((word) => (UNSPACED.test(word) ? pairs(word) : [stem(word)]));
}

function pairs(word: string): string[] {
  const characters = [...word];
  return characters.length < 2
    ? characters
    : characters.slice(1).map((character, at) => `${characters[at]}${character}`);
}

/** Enough to let "issues" find "issue" and "posting" find "post"; what it cuts wrongly, it cuts on both sides. */
function stem(word: string): string {
  if (word.length <= 3) return word;
  if (word.endsWith("ies")) return `${word.slice(0, -3)}y`;
  for (const ending of ["ing", "ed", "es"]) {
    if (word.length > ending.length + 2 && word.endsWith(ending)) return word.slice(0, -ending.length);
  }
  if (word.endsWith("s") && !word.endsWith("ss")) return word.slice(0, -1);
  return word.endsWith("e") ? word.slice(0, -1) : word;
}

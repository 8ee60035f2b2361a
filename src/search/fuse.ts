// Merges the rankings of the lanes into one (Cormack, Clarke and Büttcher, "Reciprocal Rank Fusion", 2009).

/** A passage that a lane found. Its document belongs to a source: an integration, sessions, or the operator. */
export interface Found {
  chunkId: string;
  documentId: string;
  source: string;
  /** Whether the lane takes it for related to the query at all. */
  isStrong: boolean;
  /** The cosine similarity to the query; the vector lane knows it. */
  similarity?: number;
}

export interface Fused extends Omit<Found, "isStrong"> {
  /** Higher is better; comparable only within one answer. */
  score: number;
  lane: "lexical" | "vector" | "both";
  /** No lane takes it for related to the query. */
  weak: boolean;
}

/** Smaller than the paper's 60: with so few lanes the first ranks of each must count for more. */
const K = 10;
/** The largest share that one source may have of the first hits while others have hits that are not weak. */
const QUOTA = 0.6;

/**
 * Each lane is best first. Returns each document once, with the passage of the lane that ranks it higher. How many hits
 * somebody wants does not matter: more of them only continue the same list.
 */
export function fuse(lexical: readonly Found[], vector: readonly Found[], vectorWeight: number): Fused[] {
  const fused = new Map<string, Fused & { best: number }>();
  const add = (found: Found, gain: number, lane: "lexical" | "vector") => {
    const { isStrong, ...passage } = found;
    const known = fused.get(found.documentId);
    if (!known) {
      fused.set(found.documentId, { ...passage, score: gain, lane, weak: !isStrong, best: gain });
      return;
    }
    if (found.similarity !== undefined) known.similarity = found.similarity;
    known.score += gain;
    known.lane = "both";
    known.weak &&= !isStrong;
    if (gain > known.best) Object.assign(known, { chunkId: found.chunkId, best: gain });
  };
  bestOfDocuments(lexical).forEach((found, rank) => void add(found, 1 / (K + rank + 1), "lexical"));
  bestOfDocuments(vector).forEach((found, rank) => void add(found, vectorWeight / (K + rank + 1), "vector"));
  const ranked = [...fused.values()].sort(
    (a, b) => b.score - a.score || (a.documentId < b.documentId ? -1 : 1),
  );
  return withQuota(ranked.map(({ best: _, ...one }) => one));
}

/** When one source has more than this share of the passages that a lane may return, it looks for those of others as well. */
const CROWDED = 0.8;

export function crowdingSource(found: readonly Pick<Found, "source">[], most: number): string | undefined {
  const counts = new Map<string, number>();
  for (const { source } of found) counts.set(source, (counts.get(source) ?? 0) + 1);
  return [...counts].find(([, count]) => count > CROWDED * most)?.[0];
}

function bestOfDocuments(lane: readonly Found[]): Found[] {
  const best = new Map<string, Found>();
  for (const found of lane) if (!best.has(found.documentId)) best.set(found.documentId, found);
  return [...best.values()];
}

/**
 * Reorders the hits so that a source with very many of them, such as the log of a channel, does not crowd out the others.
 * Each place depends only on those before it.
 */
function withQuota(ranked: Fused[]): Fused[] {
  const queues = new Map<string, { hits: Fused[]; taken: number }>();
  for (const hit of ranked) {
    const queue = queues.get(hit.source);
    if (queue) queue.hits.push(hit);
    else queues.set(hit.source, { hits: [hit], taken: 0 });
  }
  if (queues.size < 2) return ranked;
  const ordered: Fused[] = [];
  while (ordered.length < ranked.length) {
    const allowed = Math.ceil((ordered.length + 1) * QUOTA);
    const heads = [...queues.values()].filter(({ hits, taken }) => taken < hits.length);
    const best = first(heads);
    const others = heads.filter(({ hits, taken }) => taken < allowed && hits[taken]?.weak === false);
    const next = best && best.taken >= allowed ? (first(others) ?? best) : best;
    const hit = next?.hits[next.taken++];
    if (!hit) break;
    ordered.push(hit);
  }
  return ordered;
}

/** The queue whose next hit scores highest. */
function first<Queue extends { hits: Fused[]; taken: number }>(queues: Queue[]): Queue | undefined {
  const score = ({ hits, taken }: Queue) => hits[taken]?.score ?? 0;
  return queues.reduce<Queue | undefined>(
    (best, one) => (best && score(best) >= score(one) ? best : one),
    undefined,
  );
}

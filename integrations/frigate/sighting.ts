// What Frigate saw, as its reviews and its events tell it: one shape for both.

/** A stretch of activity at a camera (a review), or one tracked object (an event). */
export interface Sighting {
  /** Frigate's id of the review or event. */
  id: string;
  kind: "review" | "event";
  /** How far it is: just begun, going on, or over. */
  stage: "new" | "update" | "end";
  camera: string;
  /** An event of an object has none: it counts as an alert. */
  severity: "alert" | "detection";
  /** "person", "car"; of an event one. */
  objects: string[];
  /** Recognised faces and plates. */
  subLabels: string[];
  zones: string[];
  /** 0 to 1; null for a review, which Frigate has weighed itself. */
  score: number | null;
  /** Seconds since 1970. */
  start: number;
  end: number | null;
  /** Ids of the events, for the tools that fetch pictures and clips. */
  events: string[];
}

type Json = Record<string, unknown>;

/** Reads a message of the topic "reviews" or "events"; undefined for anything else. */
export function readMessage(kind: Sighting["kind"], payload: unknown): Sighting | undefined {
  const { type, after } = objectOf(payload);
  if (type !== "new" && type !== "update" && type !== "end") return undefined;
  return kind === "review" ? readReview(after, type) : readEvent(after, type);
}

/** Reads a review as MQTT and /api/review give it. */
export function readReview(value: unknown, stage?: Sighting["stage"]): Sighting | undefined {
  const row = objectOf(value);
  const data = objectOf(row.data);
  const { id, camera, start_time: start, severity } = row;
  if (typeof id !== "string" || typeof camera !== "string" || typeof start !== "number") return undefined;
  const end = typeof row.end_time === "number" ? row.end_time : null;
  return {
    ...{ id, camera, start, end, kind: "review", score: null },
    stage: stage ?? (end === null ? "update" : "end"),
    severity: severity === "alert" ? "alert" : "detection",
    // "person-verified" is a person whose face was recognised.
    objects: unique(
      [...texts(data.objects), ...texts(data.audio)].map((word) => word.replace(/-verified$/, "")),
    ),
    subLabels: unique(texts(data.sub_labels)),
    zones: unique(texts(data.zones)),
    events: texts(data.detections),
  };
}

function readEvent(value: unknown, stage: Sighting["stage"]): Sighting | undefined {
  const row = objectOf(value);
  const { id, camera, label, start_time: start } = row;
  if (typeof id !== "string" || typeof camera !== "string" || typeof label !== "string") return undefined;
  if (typeof start !== "number") return undefined;
  const best = [row.top_score, row.score].find((score) => typeof score === "number");
  return {
    ...{ id, camera, start, stage, kind: "event", severity: "alert", objects: [label], events: [id] },
    end: typeof row.end_time === "number" ? row.end_time : null,
    subLabels: subLabelsOf(row.sub_label),
    zones: unique([...texts(row.entered_zones), ...texts(row.current_zones)]),
    score: typeof best === "number" ? best : 0,
  };
}

/** A text, or a pair of text and score. */
const subLabelsOf = (value: unknown): string[] =>
  typeof value === "string" ? [value] : texts(Array.isArray(value) ? value.slice(0, 1) : []);

const objectOf = (value: unknown): Json =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};
const texts = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((item): item is string => typeof item === "string") : [];
const unique = (words: string[]): string[] => [...new Set(words)];

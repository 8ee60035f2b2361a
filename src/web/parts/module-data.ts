// What a dashboard module of an integration consists of.

export type Cell = string | number | boolean | null;
export type ModuleSection = { title?: string } & (
  | { type: "stat_row"; stats: { label: string; value: Cell }[] }
  | { type: "table"; headers: string[]; rows: Cell[][] }
  | { type: "markdown"; content: string }
  | {
      type: "chart";
      kind: "line" | "bar" | "area" | "pie";
      x: string[];
      series: { label: string; data: (number | null)[] }[];
    }
);

export interface ModuleData {
  title: string;
  sections: ModuleSection[];
}

/**
 * What an integration sent is checked as far as drawing it needs, because one card must not take the page down: sections of another kind are
 * left out, and values that are neither text nor number are shown as JSON.
 */
export function readModule(answer: unknown): ModuleData | undefined {
  const { title, sections } = (answer ?? {}) as Partial<ModuleData>;
  if (typeof title !== "string" || !Array.isArray(sections)) return undefined;
  return { title, sections: sections.flatMap((section) => sectionOf(section) ?? []) };
}

function sectionOf(given: unknown): ModuleSection | undefined {
  const { type, title, kind, ...section } = objectOf(given);
  const { stats, headers, rows, content, x, series } = section;
  const named = typeof title === "string" ? { title } : {};
  switch (type) {
    case "stat_row":
      if (!Array.isArray(stats)) return undefined;
      return {
        ...named,
        type,
        stats: stats
          .map(objectOf)
          .map(({ label, value }) => ({ label: textOf(label), value: cellOf(value) })),
      };
    case "table":
      if (!Array.isArray(headers) || !Array.isArray(rows)) return undefined;
      return {
        ...named,
        type,
        headers: headers.map(textOf),
        rows: rows.filter(Array.isArray).map((row) => row.map(cellOf)),
      };
    case "markdown":
      return typeof content === "string" ? { ...named, type, content } : undefined;
    case "chart":
      if (!Array.isArray(x) || !Array.isArray(series)) return undefined;
      return {
        ...named,
        type,
        kind: KINDS.find((one) => one === kind) ?? "line",
        x: x.map(textOf),
        series: series.map(objectOf).map(({ label, data }) => ({
          label: textOf(label),
          data: Array.isArray(data) ? data.map(pointOf) : [],
        })),
      };
    default:
      return undefined;
  }
}

const KINDS = ["line", "bar", "area", "pie"] as const;

const objectOf = (value: unknown): Record<string, unknown> => (value ?? {}) as Record<string, unknown>;

function cellOf(value: unknown): Cell {
  if (typeof value === "number" || typeof value === "string" || typeof value === "boolean") return value;
  return value === null || value === undefined ? null : JSON.stringify(value);
}

/** A value that is no number leaves a gap. */
const pointOf = (value: unknown): number | null =>
  typeof value === "number" && Number.isFinite(value) ? value : null;

const textOf = (value: unknown): string => String(cellOf(value) ?? "");

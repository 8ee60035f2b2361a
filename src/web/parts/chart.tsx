import { lazy, Suspense } from "react";
import { loadModule } from "../api/load-module.ts";
import classes from "./chart.module.css";
import type { Tone } from "./status.tsx";

export interface Series {
  label: string;
  data: readonly (number | null)[];
  /** Default: the accent, and then further colours in turn. */
  tone?: Tone | "accent";
  /** Drawn as a dashed line over everything, such as a cap or a forecast. */
  line?: boolean;
}

export interface ChartProps {
  /** What it shows, for those who cannot see it. */
  label: string;
  /** One for each value: times in milliseconds, or words. */
  x: readonly number[] | readonly string[];
  series: readonly Series[];
  kind?: "line" | "area" | "bar";
  /** Areas and bars stand on each other. */
  stacked?: boolean;
  height?: number;
  /** How a value is told, with its unit. */
  format?: (value: number) => string;
}

const Drawn = lazy(() => loadModule(() => import("./chart-drawn.tsx")));
const ORDER = ["accent", "calm", "good", "warn", "bad", "quiet"] as const;

export const toneOfSeries = ({ tone }: Series, index: number): Tone | "accent" =>
  tone ?? ORDER[index % ORDER.length] ?? "accent";

/** Values over time or by name. The library that draws it is loaded with the first chart. */
export function Chart(props: ChartProps) {
  const { series, label, height = 150 } = props;
  return (
    <figure className={classes.chart}>
      <figcaption className={classes.legend}>
        {series.map((one, index) => (
          <span
            key={one.label}
            className={classes.key}
            data-tone={toneOfSeries(one, index)}
            data-line={one.line || undefined}
          >
            {one.label}
          </span>
        ))}
      </figcaption>
      <div role="img" aria-label={label} style={{ height }}>
        <Suspense fallback={null}>
          <Drawn {...props} height={height} />
        </Suspense>
      </div>
    </figure>
  );
}

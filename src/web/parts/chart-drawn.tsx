import { useComputedColorScheme } from "@mantine/core";
import { useEffect, useRef } from "react";
import uPlot from "uplot";
import { type ChartProps, toneOfSeries } from "./chart.tsx";
import { shortCountText } from "./units.tsx";

/** Draws with uPlot, again when the values, the width or the colours change. */
export default function Drawn(props: ChartProps & { height: number }) {
  const box = useRef<HTMLDivElement>(null);
  const scheme = useComputedColorScheme();
  const text = JSON.stringify([props.x, props.series, props.kind, props.stacked, props.height, scheme]);
  const latest = useRef(props);
  latest.current = props;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the text holds everything that is drawn
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const plot = new uPlot(optionsOf(latest.current, element), dataOf(latest.current), element);
    const watch = new ResizeObserver(() =>
      plot.setSize({ width: element.clientWidth, height: latest.current.height }),
    );
    watch.observe(element);
    return () => {
      watch.disconnect();
      plot.destroy();
    };
  }, [text]);
  return <div ref={box} />;
}

const isTime = (x: ChartProps["x"]): x is readonly number[] => typeof x[0] === "number";

/** uPlot draws later series over earlier ones, so stacked values come with the highest sum first. */
function dataOf({ x, series, stacked }: ChartProps): uPlot.AlignedData {
  const xs = isTime(x) ? x.map((at) => at / 1_000) : x.map((_, index) => index);
  const rows = series.filter(({ line }) => !line).map(({ data }) => [...data]);
  if (stacked) {
    for (let row = 1; row < rows.length; row += 1) {
      rows[row] = (rows[row] ?? []).map((value, index) => (value ?? 0) + (rows[row - 1]?.[index] ?? 0));
    }
    rows.reverse();
  }
  const lines = series.filter(({ line }) => line).map(({ data }) => [...data]);
  return [xs, ...rows, ...lines] as uPlot.AlignedData;
}

function optionsOf(props: ChartProps & { height: number }, element: HTMLElement): uPlot.Options {
  const { x, series, kind = "line", stacked = false, height, format = shortCountText } = props;
  const style = getComputedStyle(element);
  const colour = (name: string) => style.getPropertyValue(`--${name}`).trim();
  const drawn = series.map((one, index) => {
    const tone = toneOfSeries(one, index);
    const main = colour(tone === "quiet" ? "line-strong" : tone);
    const isFilled = kind !== "line";
    if (one.line) {
      return { label: one.label, stroke: main, width: 1.75, dash: [6, 4], points: { show: false } };
    }
    return {
      label: one.label,
      stroke: main,
      width: kind === "bar" ? 0 : 1.75,
      points: { show: false },
      ...(isFilled && { fill: kind === "bar" || stacked ? main : `${main}33` }),
      ...(kind === "bar" &&
        uPlot.paths.bars && { paths: uPlot.paths.bars({ size: [0.7, 28], radius: 0.15 }) }),
    };
  });
  const areas = drawn.filter((_, index) => !series[index]?.line);
  const axis = {
    stroke: colour("ink-faint"),
    font: `11px ${style.fontFamily}`,
    grid: { stroke: colour("line"), width: 1 },
    ticks: { show: false },
  };
  return {
    width: element.clientWidth,
    height,
    legend: { show: false },
    cursor: { y: false, points: { show: false } },
    scales: { x: { time: isTime(x), ...(kind === "bar" && { range: padded }) }, y: { range: fromZero } },
    axes: [
      {
        ...axis,
        size: 26,
        grid: { show: false },
        values: isTime(x) ? timeLabels : (_, splits) => splits.map((at) => x[at] ?? ""),
      },
      {
        ...axis,
        size: 38,
        values: (_, splits) => splits.map(format),
        // Counts have no fractions.
        ...(props.format === undefined && { incrs: WHOLE }),
      },
    ],
    series: [
      {},
      ...(stacked ? areas.toReversed() : areas),
      ...drawn.filter((_, index) => series[index]?.line),
    ],
  };
}

const HOUR = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const DAY = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });

/** Labels with hours for up to two days, else with days, in the reader's language. */
const timeLabels: uPlot.Axis.DynamicValues = (plot, splits) => {
  const { min = 0, max = 0 } = plot.scales.x ?? {};
  const format = (max ?? 0) - (min ?? 0) > 2 * 86_400 ? DAY : HOUR;
  return splits.map((at) => format.format(new Date(at * 1_000)));
};

/** The room on each side of a single bar, in seconds. */
const LONE = 2 * 86_400;

/** Room for half a bar at both ends. */
const padded: uPlot.Range.Function = (plot, low, high) => {
  const xs = plot.data[0] ?? [];
  const [first = 0, last = 0] = [xs[0], xs.at(-1)];
  // uPlot widens the range of a single value to years.
  if (xs.length < 2) return [first - LONE, first + LONE];
  const half = Math.max((last - first) / (xs.length - 1) / 2, 0.5);
  return [Math.min(low, first) - half, Math.max(high, last) + half];
};

/** The steps of an axis of whole numbers. */
const WHOLE = Array.from({ length: 13 }, (_, power) => [1, 2, 5].map((step) => step * 10 ** power)).flat();

const fromZero: uPlot.Range.Function = (_, low, high) => [Math.min(0, low), high <= 0 ? 1 : high * 1.08];

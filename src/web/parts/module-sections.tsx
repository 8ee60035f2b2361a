import { Fragment } from "react";
import { Chart } from "./chart.tsx";
import { Markdown } from "./markdown.tsx";
import classes from "./module-card.module.css";
import type { Cell, ModuleData, ModuleSection } from "./module-data.ts";
import { Stat, StatRow } from "./stat.tsx";
import { countText } from "./units.tsx";

export function ModuleSections({ data }: { data: ModuleData }) {
  return data.sections.map((section, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: sections have no other name
    <div key={index} className={classes.section}>
      {section.title && <h4>{section.title}</h4>}
      <Content section={section} title={data.title} />
    </div>
  ));
}

const cellText = (cell: Cell): string => (typeof cell === "number" ? countText(cell) : String(cell ?? ""));

function Content({ section, title }: { section: ModuleSection; title: string }) {
  switch (section.type) {
    case "stat_row":
      return (
        <StatRow>
          {section.stats.map(({ label, value }, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: two may have the same name
            <Stat key={index} label={label} value={cellText(value)} />
          ))}
        </StatRow>
      );
    case "table":
      return <ModuleTable headers={section.headers} rows={section.rows} />;
    case "markdown":
      return <Markdown text={section.content} />;
    case "chart":
      return section.kind === "pie" ? (
        <Slices labels={section.x} values={(section.series[0]?.data ?? []).map((value) => value ?? 0)} />
      ) : (
        <Chart label={section.title ?? title} x={section.x} series={section.series} kind={section.kind} />
      );
  }
}

function ModuleTable({ headers, rows }: { headers: string[]; rows: Cell[][] }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard must be able to scroll it
    <section className={classes.scroll} tabIndex={0} aria-label="Table">
      <table>
        <thead>
          <tr>
            {headers.map((header, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: two may have the same name
              <th key={index}>{header}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: rows have no other name
            <tr key={index}>
              {row.map((cell, column) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: columns keep their places
                <td key={column} className={typeof cell === "number" ? "number" : undefined}>
                  {cellText(cell)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** Shares of a whole as bars, which are easier to compare than the slices of a pie. */
function Slices({ labels, values }: { labels: string[]; values: number[] }) {
  const total = values.reduce((sum, value) => sum + value, 0) || 1;
  return (
    <div className={classes.slices}>
      {labels.map((label, index) => {
        const value = values[index] ?? 0;
        const percent = (value / total) * 100;
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: two may have the same name
          <Fragment key={index}>
            <span>{label}</span>
            <span className={classes.bar}>
              <span style={{ width: `${percent}%` }} />
            </span>
            <span className="number">
              {countText(value)} ({Math.round(percent)} %)
            </span>
          </Fragment>
        );
      })}
    </div>
  );
}

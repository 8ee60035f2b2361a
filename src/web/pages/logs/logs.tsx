// The server's own log, as it is written: by part, level, text, or of one run.

import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useLocation } from "wouter";
import { api, type Schema, take } from "../../api/client.ts";
import { followServerLog } from "../../api/follow-lines.ts";
import { CopyButton } from "../../parts/copy-button.tsx";
import { FilterBar } from "../../parts/filter-bar.tsx";
import { type LineParts, Lines } from "../../parts/lines.tsx";
import { PageFrame } from "../../parts/page-frame.tsx";
import { Split } from "../../parts/split.tsx";
import { useFilters } from "../../parts/use-filters.ts";
import { useTail } from "../../parts/use-tail.ts";
import { LineDetail } from "./line-detail.tsx";

type Line = Schema<"ServerLogLine">;

const FILTERS = ["level", "part", "q", "correlation_id"] as const;
const OPEN = ["line"] as const;
const LEVELS = [
  { value: "error", label: "Errors" },
  { value: "warning", label: "Warnings and errors" },
  { value: "info", label: "All but details" },
];

export function View() {
  const [, navigate] = useLocation();
  const filters = useFilters(FILTERS);
  const open = useFilters(OPEN).values.line;
  const tail = useTail<Line>({
    key: JSON.stringify(filters.values),
    follow: (options) => followServerLog({ filters: wantedOf(filters.values), ...options }),
  });
  const parts = useParts(tail.lines, filters.values.part);
  const isOpen = (line: Line) => String(line.id) === open;
  const hrefOf = (line?: Line) => {
    const params = new URLSearchParams(filters.values);
    if (line) params.set("line", String(line.id));
    return params.size === 0 ? "/logs" : `/logs?${params}`;
  };
  return (
    <PageFrame
      title="Logs"
      about="The server's log, live. The latest 2,000 lines of the server that answers are kept."
      fill
      actions={
        <CopyButton text={() => tail.lines.map(asText).join("\n")} what="the lines on the screen" labelled />
      }
      bar={
        <FilterBar
          filters={filters}
          choices={[
            { name: "level", label: "Level", options: LEVELS },
            { name: "part", label: "Part", options: parts.map((part) => ({ value: part, label: part })) },
            { name: "q", label: "Text" },
            { name: "correlation_id", label: "Correlation id" },
          ]}
        />
      }
    >
      <Split
        name="logs"
        main={
          <Lines
            label="The server's log"
            tail={tail}
            lines={tail.lines}
            none={
              filters.count > 0
                ? "No line that is kept matches these filters"
                : "Nothing has been written yet"
            }
            parts={partsOf}
            isSelected={isOpen}
            onSelect={(line) => navigate(hrefOf(line), { replace: true })}
          />
        }
        detail={
          open !== undefined && <LineDetail line={tail.lines.find(isOpen)} id={open} closeHref={hrefOf()} />
        }
      />
    </PageFrame>
  );
}

/** A level that the API does not know would be refused with every attempt. */
const wantedOf = ({ level, ...others }: Partial<Record<(typeof FILTERS)[number], string>>) => ({
  ...others,
  ...(LEVELS.some(({ value }) => value === level) && { level: String(level) }),
});

/** Those that have written something lately; a server has no list of them. */
function useParts(lines: readonly Line[], chosen: string | undefined): string[] {
  const { data = [] } = useQuery({
    queryKey: ["log-parts"],
    queryFn: async () => {
      const query = { limit: 1_000 };
      return (await take(api.GET("/api/v1/logs", { params: { query } }))).lines.map(({ part }) => part);
    },
  });
  // The newest lines are enough, because this runs in every frame in which something was written.
  const recent = lines.slice(-200).map(({ part }) => part);
  const names = [...new Set([...data, ...recent, ...(chosen === undefined ? [] : [chosen])])].sort();
  const text = names.join(" ");
  return useMemo(() => (text === "" ? [] : text.split(" ")), [text]);
}

const TONES: Record<string, LineParts["tone"]> = { error: "bad", warning: "warn", debug: "quiet" };

const partsOf = ({ at, part, level, message }: Line): LineParts => ({
  at,
  from: part,
  // The stack of an error follows in further lines, which the detail shows.
  text: message.split("\n", 1)[0] ?? "",
  tone: TONES[level],
});

const asText = ({ at, level, part, message }: Line): string => `${at} ${level} ${part} ${message}`;

import { TextInput } from "@mantine/core";
import { useMemo, useState } from "react";
import type { Schema } from "../../../api/client.ts";
import { followLines } from "../../../api/follow-lines.ts";
import { type LineParts, Lines } from "../../../parts/lines.tsx";
import { useTail } from "../../../parts/use-tail.ts";
import classes from "./log-tail.module.css";

type LogLine = Schema<"LogLine">;

/** What a process writes, as it writes it. */
export function LogTail({ id }: { id: string }) {
  const tail = useTail<LogLine>({ key: id, follow: (options) => followLines({ id, ...options }) });
  const [wanted, setWanted] = useState("");
  const lines = useMemo(() => matching(tail.lines, wanted), [tail.lines, wanted]);
  return (
    <div className={classes.box}>
      <Lines
        label="Output of the process"
        tail={tail}
        lines={lines}
        none={wanted === "" ? "It has not written anything yet" : "No line has this text"}
        parts={partsOf}
      >
        <TextInput
          size="xs"
          aria-label="Only lines with this text"
          placeholder="Only lines with this text"
          value={wanted}
          onChange={({ currentTarget }) => setWanted(currentTarget.value)}
          className={classes.filter}
        />
      </Lines>
    </div>
  );
}

const TONES: Partial<Record<LogLine["source"], LineParts["tone"]>> = { stderr: "bad", heddle: "calm" };

const partsOf = ({ at, text, source }: LogLine): LineParts => ({ at, text, tone: TONES[source] });

function matching(lines: readonly LogLine[], wanted: string): readonly LogLine[] {
  if (wanted === "") return lines;
  const text = wanted.toLowerCase();
  return lines.filter((line) => line.text.toLowerCase().includes(text));
}

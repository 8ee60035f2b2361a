import { Button, TextInput } from "@mantine/core";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import type { Connection } from "../../../api/follow-events.ts";
import { followLines } from "../../../api/follow-lines.ts";
import { Icon } from "../../../parts/icon.tsx";
import { LiveDot } from "../../../parts/live-dot.tsx";
import { absoluteTime } from "../../../parts/time.tsx";
import { plural } from "../../../parts/units.tsx";
import { createLogRing, type LogLine } from "./log-ring.ts";
import classes from "./log-tail.module.css";

const LINE_HEIGHT = 20;
/** How far from the end still counts as the end. */
const NEAR_END = 30;

/** What a process writes, as it writes it. Scrolling up pauses; going back to the end follows again. */
export function LogTail({ id }: { id: string }) {
  const [ring] = useState(() => createLogRing({ onFrame: requestAnimationFrame }));
  const [state, setState] = useState<Connection>("connecting");
  const [wanted, setWanted] = useState("");
  useEffect(() => {
    const stop = new AbortController();
    void followLines({ id, onLine: ring.add, onState: setState, signal: stop.signal });
    return () => {
      stop.abort();
      ring.clear();
    };
  }, [id, ring]);
  const current = useSyncExternalStore(ring.subscribe, ring.shown);
  /** What was there at the pause; undefined while it follows. */
  const [kept, setKept] = useState<readonly LogLine[]>();
  const isFollowing = kept === undefined;
  const setFollowing = (follows: boolean) =>
    setKept((before) => (follows ? undefined : (before ?? ring.shown())));
  const all = kept ?? current;
  const lines = useMemo(() => matching(all, wanted), [all, wanted]);
  const waiting = isFollowing ? 0 : newerThan(current, kept.at(-1)?.id ?? 0);
  return (
    <div className={classes.log}>
      <div className={classes.bar}>
        <TextInput
          size="xs"
          aria-label="Only lines with this text"
          placeholder="Only lines with this text"
          value={wanted}
          onChange={({ currentTarget }) => setWanted(currentTarget.value)}
          className={classes.filter}
        />
        <LiveDot state={state} />
        <Button
          size="xs"
          variant="default"
          leftSection={<Icon name={isFollowing ? "Pause" : "Play"} size={14} />}
          onClick={() => setFollowing(!isFollowing)}
        >
          {isFollowing ? "Pause" : waiting === 0 ? "Follow" : `Follow, ${plural(waiting, "new line")}`}
        </Button>
      </div>
      <Lines lines={lines} isFollowing={isFollowing} setFollowing={setFollowing} isFiltered={wanted !== ""} />
    </div>
  );
}

interface LinesProps {
  lines: readonly LogLine[];
  isFollowing: boolean;
  setFollowing(isFollowing: boolean): void;
  isFiltered: boolean;
}

function Lines({ lines, isFollowing, setFollowing, isFiltered }: LinesProps) {
  const scroller = useRef<HTMLElement>(null);
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => LINE_HEIGHT,
    overscan: 20,
  });
  const last = lines.at(-1)?.id;
  // biome-ignore lint/correctness/useExhaustiveDependencies: each new line leads to the end
  useEffect(() => {
    if (isFollowing && scroller.current) scroller.current.scrollTop = scroller.current.scrollHeight;
  }, [isFollowing, last]);
  return (
    <section
      ref={scroller}
      className={classes.lines}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard must be able to scroll it
      tabIndex={0}
      aria-label="Output of the process"
      onWheel={({ deltaY }) => {
        if (deltaY < 0) setFollowing(false);
      }}
      onKeyDown={({ key }) => {
        if (["ArrowUp", "PageUp", "Home"].includes(key)) setFollowing(false);
        if (key === "End") setFollowing(true);
      }}
      onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
        if (
          !isFollowing &&
          scrollHeight - scrollTop - clientHeight < NEAR_END &&
          scrollHeight > clientHeight + 200
        ) {
          setFollowing(true);
        }
      }}
    >
      {lines.length === 0 && (
        <p className={classes.none}>
          {isFiltered ? "No line has this text" : "It has not written anything yet"}
        </p>
      )}
      <div className={classes.space} style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(({ index, start }) => {
          const line = lines[index];
          return (
            line && (
              <div
                key={line.id}
                className={classes.line}
                data-source={line.source}
                style={{ transform: `translateY(${start}px)` }}
              >
                <span className={classes.at} title={absoluteTime(line.at)}>
                  {clockOf(line.at)}
                </span>
                <span>{line.text}</span>
              </div>
            )
          );
        })}
      </div>
    </section>
  );
}

const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const clockOf = (at: string): string => CLOCK.format(new Date(at));

function matching(lines: readonly LogLine[], wanted: string): readonly LogLine[] {
  if (wanted === "") return lines;
  const text = wanted.toLowerCase();
  return lines.filter((line) => line.text.toLowerCase().includes(text));
}

function newerThan(lines: readonly LogLine[], id: number): number {
  let count = 0;
  for (let index = lines.length - 1; index >= 0 && (lines[index]?.id ?? 0) > id; index--) count += 1;
  return count;
}

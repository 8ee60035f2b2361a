import { Button } from "@mantine/core";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef } from "react";
import { Icon } from "./icon.tsx";
import classes from "./lines.module.css";
import { LiveDot } from "./live-dot.tsx";
import { absoluteTime } from "./time.tsx";
import { plural } from "./units.tsx";
import type { Tail } from "./use-tail.ts";

export interface LineParts {
  at: string;
  text: string;
  /** Between time and text: the part that wrote it. */
  from?: string;
  tone?: "bad" | "warn" | "calm" | "quiet" | undefined;
}

interface LinesProps<Line> {
  /** What it is, for screen readers: "Output of the process". */
  label: string;
  tail: Omit<Tail<Line>, "lines">;
  /** Those of the tail that are wanted. */
  lines: readonly Line[];
  /** Shown while there are no lines. */
  none: string;
  parts(line: Line): LineParts;
  /** Whether lines can be opened, by click or with the arrow keys and Enter. */
  isSelected?: (line: Line) => boolean;
  onSelect?: (line: Line) => void;
  /** Filters at the left of the bar. */
  children?: React.ReactNode;
}

const LINE_HEIGHT = 20;
/** How far from the end still counts as the end. */
const NEAR_END = 30;

/** Lines as they are written. Scrolling up pauses; going back to the end follows again. */
export function Lines<Line>({ children, tail, ...props }: LinesProps<Line>) {
  const { state, isFollowing, setFollowing, waiting } = tail;
  return (
    <div className={classes.log}>
      <div className={classes.bar}>
        {children}
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
      <Scroller {...props} isRead={state === "live"} isFollowing={isFollowing} setFollowing={setFollowing} />
    </div>
  );
}

type ScrollerProps<Line> = Omit<LinesProps<Line>, "tail" | "children"> &
  Pick<Tail<Line>, "isFollowing" | "setFollowing"> & {
    /** Before the log is read, nobody knows whether there are lines. */
    isRead: boolean;
  };

function Scroller<Line>(props: ScrollerProps<Line>) {
  const { label, lines, none, parts, isSelected, onSelect, isRead, isFollowing, setFollowing } = props;
  const scroller = useRef<HTMLElement>(null);
  const seen = useRef({ top: 0, height: 0 });
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => LINE_HEIGHT,
    overscan: 20,
  });
  const last = lines.at(-1);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each new line leads to the end
  useEffect(() => {
    if (isFollowing && scroller.current) scroller.current.scrollTop = scroller.current.scrollHeight;
  }, [isFollowing, last]);
  /** The arrows move the selection, from the last line if there is none. */
  const move = (step: 1 | -1) => {
    const at = isSelected ? lines.findIndex(isSelected) : -1;
    const next = at < 0 ? lines.length - 1 : Math.min(lines.length - 1, Math.max(0, at + step));
    const line = lines[next];
    if (line === undefined || !onSelect) return;
    onSelect(line);
    virtual.scrollToIndex(next);
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    const { key } = event;
    if (["ArrowUp", "PageUp", "Home"].includes(key)) setFollowing(false);
    if (key === "End") setFollowing(true);
    if (onSelect && (key === "ArrowUp" || key === "ArrowDown")) {
      event.preventDefault();
      move(key === "ArrowUp" ? -1 : 1);
    }
  };
  return (
    <section
      ref={scroller}
      className={classes.lines}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard must be able to scroll it
      tabIndex={0}
      aria-label={label}
      onKeyDown={onKeyDown}
      onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
        const before = seen.current;
        seen.current = { top: scrollTop, height: scrollHeight };
        // With the wheel, a finger or the bar. Lines that follow never lead upwards, only a filter does, which leaves less to scroll.
        if (isFollowing && scrollTop < before.top && scrollHeight >= before.height) setFollowing(false);
        if (
          !isFollowing &&
          scrollTop > before.top &&
          scrollHeight - scrollTop - clientHeight < NEAR_END &&
          scrollHeight > clientHeight + 200
        ) {
          setFollowing(true);
        }
      }}
    >
      {lines.length === 0 && isRead && <p className={classes.none}>{none}</p>}
      <div className={classes.space} style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(({ index, key, start }) => {
          const line = lines[index];
          return (
            line !== undefined && (
              <OneLine
                key={key}
                {...parts(line)}
                start={start}
                isSelected={isSelected?.(line) ?? false}
                onClick={
                  onSelect &&
                  (() => {
                    setFollowing(false);
                    onSelect(line);
                  })
                }
              />
            )
          );
        })}
      </div>
    </section>
  );
}

interface OneLineProps extends LineParts {
  start: number;
  isSelected: boolean;
  onClick: (() => void) | undefined;
}

function OneLine({ at, from, text, tone, start, isSelected, onClick }: OneLineProps) {
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keys of the section around it do the same
    // biome-ignore lint/a11y/useKeyWithClickEvents: as above
    <div
      className={classes.line}
      data-tone={tone}
      data-selected={isSelected || undefined}
      data-opens={onClick ? true : undefined}
      style={{ transform: `translateY(${start}px)` }}
      onClick={onClick}
    >
      <span className={classes.at} title={absoluteTime(at)}>
        {clockOf(at)}
      </span>
      {from !== undefined && <span className={classes.from}>{from}</span>}
      <span>{text}</span>
    </div>
  );
}

const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const clockOf = (at: string): string => CLOCK.format(new Date(at));

import { useRef } from "react";
import { useUi } from "../ui-store.ts";
import classes from "./split.module.css";

interface SplitProps {
  /** Remembers the width under this name. */
  name: string;
  main: React.ReactNode;
  /** Missing: `main` has all the room. On a narrow screen the detail takes the place of `main`. */
  detail: React.ReactNode;
  /** The share of `main` in percent until somebody moves the border. */
  first?: number;
  /** Which of the two a narrow screen shows. Default: the detail, if there is one. */
  narrow?: "main" | "detail";
}

const LEAST = 28;
const MOST = 72;
const STEP = 2;
const AT_FIRST = 46;

/** A list and what is selected in it: two panes whose border can be dragged or moved with the arrow keys. */
export function Split({ name, main, detail, first = AT_FIRST, narrow = "detail" }: SplitProps) {
  const share = useUi((state) => state.splits[name] ?? first);
  const setSplit = useUi((state) => state.setSplit);
  const box = useRef<HTMLDivElement>(null);
  const move = (percent: number) => setSplit(name, Math.min(MOST, Math.max(LEAST, percent)));
  const drag = (event: React.PointerEvent<HTMLDivElement>) => {
    if (!event.currentTarget.hasPointerCapture(event.pointerId) || !box.current) return;
    const { left, width } = box.current.getBoundingClientRect();
    move(((event.clientX - left) / width) * 100);
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    const step = { ArrowLeft: -STEP, ArrowRight: STEP }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    move(share + step);
  };
  return (
    <div
      ref={box}
      className={classes.split}
      data-open={Boolean(detail) || undefined}
      data-narrow={narrow}
      style={{ "--share": `${share}%` } as React.CSSProperties}
    >
      <div className={classes.main}>{main}</div>
      {Boolean(detail) && (
        <>
          {/* biome-ignore lint/a11y/useSemanticElements: a separator that can be moved has a value, which <hr> has not */}
          <div
            className={classes.border}
            role="separator"
            aria-orientation="vertical"
            aria-label="Width of the list"
            aria-valuenow={Math.round(share)}
            aria-valuemin={LEAST}
            aria-valuemax={MOST}
            tabIndex={0}
            onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
            onPointerMove={drag}
            onKeyDown={onKeyDown}
            onDoubleClick={() => move(first)}
          />
          <div className={classes.detail}>{detail}</div>
        </>
      )}
    </div>
  );
}

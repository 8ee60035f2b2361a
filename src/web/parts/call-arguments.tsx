// The arguments of a call that waits for a person, a page at a time. Whoever decides has seen all of them.

import { Button } from "@mantine/core";
import { useMemo, useState } from "react";
import classes from "./call-arguments.module.css";
import { type CallLine, callLines } from "./call-lines.ts";
import { CopyButton } from "./copy-button.tsx";

/** The bounds of one page. */
const MOST_LINES = 400;
const MOST_CHARACTERS = 40_000;

export interface PagedLines {
  lines: readonly CallLine[];
  /** Lines that are not shown yet. */
  left: number;
  showMore(): void;
}

export function useCallLines(args: object, before: object | undefined): PagedLines {
  const all = useMemo(() => callLines(args, before), [args, before]);
  const [pages, setPages] = useState(1);
  const shown = useMemo(() => endOf(all, pages), [all, pages]);
  return {
    lines: all.slice(0, shown),
    left: all.length - shown,
    showMore: () => setPages(pages + 1),
  };
}

/** The number of lines in that many pages. */
function endOf(lines: readonly CallLine[], pages: number): number {
  let at = 0;
  for (let page = 0; page < pages && at < lines.length; page += 1) {
    const end = at + MOST_LINES;
    for (let characters = 0; at < lines.length && at < end && characters < MOST_CHARACTERS; at += 1) {
      characters += lines[at]?.text.length ?? 0;
    }
  }
  return at;
}

export function CallArguments({ of: { lines, left, showMore } }: { of: PagedLines }) {
  return (
    <>
      <div className={classes.block}>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard must be able to scroll it */}
        <section className={classes.lines} tabIndex={0} aria-label="Arguments">
          <pre>
            {lines.map(({ text, kind, goesOn }, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a line is its number
              <span key={index} data-kind={kind} className={classes.line}>
                {text === "" ? " " : text}
                {goesOn ? "" : "\n"}
              </span>
            ))}
          </pre>
        </section>
        <div className={classes.copy}>
          <CopyButton
            text={lines.map(({ text, goesOn }) => `${text}${goesOn ? "" : "\n"}`).join("")}
            what="arguments"
          />
        </div>
      </div>
      {left > 0 && (
        <p className={classes.more}>
          <Button size="xs" variant="default" onClick={showMore}>
            Show more
          </Button>
          <span>{left.toLocaleString("en")} lines are not shown yet.</span>
        </p>
      )}
    </>
  );
}

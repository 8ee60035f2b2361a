import { Button, Skeleton } from "@mantine/core";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, useState } from "react";
import { Link, useLocation } from "wouter";
import type { Rows } from "../api/use-rows.ts";
import { ApiError } from "./api-error.tsx";
import classes from "./data-list.module.css";
import { Icon } from "./icon.tsx";
import { manyOf } from "./many-of.ts";
import { plural } from "./units.tsx";
import { useScrollPosition } from "./use-scroll-position.ts";

/** What a row shows. Cells are hidden where the list is narrow, so they repeat nothing that only they say. */
export interface RowParts {
  /** A status mark. */
  lead?: React.ReactNode;
  title: React.ReactNode;
  sub?: React.ReactNode;
  /** One for each column. */
  cells?: readonly React.ReactNode[];
  /** At the right, usually the time. */
  end?: React.ReactNode;
}

interface DataListProps<Item> {
  /** What the rows are, for people: "webhook". */
  what: string;
  rows: Rows<Item>;
  keyOf(item: Item): string;
  hrefOf(item: Item): string;
  row(item: Item): RowParts;
  columns?: readonly { label: string; width: string }[];
  selected?: string | undefined;
  empty: React.ReactNode;
}

const ROW_HEIGHT = 52;
const AHEAD = 12;

/**
 * A long list: only the rows in view are in the page, further pages come while scrolling, new rows wait behind a
 * button unless the top is in view. Arrow keys (or j and k) move, Enter opens.
 */
export function DataList<Item>(props: DataListProps<Item>) {
  const { what, rows, keyOf, hrefOf, row, columns = [], selected, empty } = props;
  const { items, hasMore, isLoadingMore, loadMore } = rows;
  const scroller = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState<string | undefined>();
  const [, navigate] = useLocation();
  const position = useScrollPosition(what);
  const virtual = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    getItemKey: (index) => (items[index] ? keyOf(items[index]) : index),
    overscan: AHEAD,
    initialOffset: position.initial,
  });
  const { setAtTop } = rows;
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when the list appears
  useEffect(() => setAtTop(position.initial < ROW_HEIGHT), []);
  const visible = virtual.getVirtualItems();
  const last = visible.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore && !isLoadingMore && last >= items.length - AHEAD) loadMore();
  }, [hasMore, isLoadingMore, loadMore, last, items.length]);

  const current = active ?? selected;
  const at = items.findIndex((item) => keyOf(item) === current);
  // Tab enters the list where one looks, also after going back to a place further down.
  const top = virtual.scrollOffset ?? 0;
  const stop = visible.some(({ index }) => index === at)
    ? at
    : visible.find(({ start }) => start >= top)?.index;
  const goTo = (index: number) => {
    const item = items[Math.min(items.length - 1, Math.max(0, index))];
    if (!item) return;
    setActive(keyOf(item));
    virtual.scrollToIndex(items.indexOf(item));
    if (selected !== undefined) navigate(hrefOf(item), { replace: true });
    requestAnimationFrame(() =>
      scroller.current?.querySelector<HTMLElement>(`[data-key="${CSS.escape(keyOf(item))}"]`)?.focus(),
    );
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    const moves: Record<string, number> = {
      ArrowDown: at + 1,
      j: at + 1,
      ArrowUp: at - 1,
      k: at - 1,
      Home: 0,
      End: items.length - 1,
      PageDown: at + 10,
      PageUp: at - 10,
    };
    const target = moves[event.key];
    if (target === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    goTo(target);
  };

  if (rows.error && items.length === 0) return <ApiError error={rows.error} onRetry={rows.retry} />;
  if (rows.isLoading) return <Loading what={what} />;
  if (items.length === 0) return <div className={classes.list}>{empty}</div>;
  const hasLead = items[0] !== undefined && "lead" in row(items[0]);
  return (
    <div className={classes.list} style={widths(hasLead, columns)}>
      {(rows.newCount > 0 || rows.isBehind === true) && (
        <div className={classes.pill}>
          <Button
            size="compact-sm"
            radius="xl"
            leftSection={<Icon name="ArrowUp" size={13} />}
            onClick={() => {
              rows.showNew();
              scroller.current?.scrollTo({ top: 0 });
            }}
          >
            {rows.newCount > 0 ? plural(rows.newCount, `new ${what}`) : `New ${manyOf(what)}`}
            {rows.newCount > 0 && rows.isBehind && " and more"}
          </Button>
        </div>
      )}
      {columns.length > 0 && (
        <div className={classes.labels} aria-hidden="true">
          {hasLead && <span />}
          <span />
          {columns.map(({ label }) => (
            <span key={label}>{label}</span>
          ))}
          <span />
        </div>
      )}
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the arrow keys of the links in it */}
      <div
        ref={scroller}
        className={classes.scroller}
        onKeyDown={onKeyDown}
        onScroll={({ currentTarget: { scrollTop } }) => {
          position.onScroll(scrollTop);
          setAtTop(scrollTop < ROW_HEIGHT);
        }}
      >
        <ul
          className={classes.rows}
          aria-label={`List of ${manyOf(what)}`}
          style={{ height: virtual.getTotalSize() }}
        >
          {visible.map(({ index, key, start }) => {
            const item = items[index];
            if (!item) return null;
            const id = keyOf(item);
            return (
              <li
                key={key}
                className={classes.place}
                style={{ transform: `translateY(${start}px)`, height: ROW_HEIGHT }}
              >
                <Link
                  href={hrefOf(item)}
                  className={classes.row}
                  data-key={id}
                  data-selected={id === selected || undefined}
                  aria-current={id === selected || undefined}
                  tabIndex={index === stop ? 0 : -1}
                  onFocus={() => setActive(id)}
                >
                  <RowContent {...row(item)} hasLead={hasLead} columns={columns.length} />
                </Link>
              </li>
            );
          })}
        </ul>
        {isLoadingMore && <p className={classes.note}>Loading more …</p>}
        {rows.isCutOff && (
          <p className={classes.note}>
            There are older ones that this list does not show. Use the filters to find them.
          </p>
        )}
      </div>
    </div>
  );
}

/** The columns of a row, and those where the list is narrow. */
function widths(hasLead: boolean, columns: readonly { width: string }[]): React.CSSProperties {
  const lead = hasLead ? ["20px"] : [];
  const cells = columns.map(({ width }) => width);
  return {
    "--columns": [...lead, "minmax(140px, 1fr)", ...cells, "minmax(88px, max-content)"].join(" "),
    "--narrow": [...lead, "minmax(0, 1fr)", "max-content"].join(" "),
  } as React.CSSProperties;
}

function RowContent(props: RowParts & { hasLead: boolean; columns: number }) {
  const { lead, title, sub, cells = [], end, hasLead, columns } = props;
  return (
    <>
      {hasLead && <span className={classes.lead}>{lead}</span>}
      <span className={classes.text}>
        <span className={classes.title} dir="auto">
          {title}
        </span>
        {sub && (
          <span className={classes.sub} dir="auto">
            {sub}
          </span>
        )}
      </span>
      {Array.from({ length: columns }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: columns keep their places
        <span key={index} className={classes.cell}>
          {cells[index]}
        </span>
      ))}
      <span className={classes.end}>{end}</span>
    </>
  );
}

const LOADING_ROWS = [1, 2, 3, 4, 5, 6, 7, 8];

function Loading({ what }: { what: string }) {
  return (
    <div className={classes.list} aria-busy="true" aria-label={`Loading ${manyOf(what)}`} role="status">
      {LOADING_ROWS.map((row) => (
        <div key={row} className={classes.loading}>
          <Skeleton height={20} width={20} radius="sm" />
          <Skeleton height={12} width={`${30 + ((row * 17) % 40)}%`} />
        </div>
      ))}
    </div>
  );
}

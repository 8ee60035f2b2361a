import { useDroppable } from "@dnd-kit/core";
import { SortableContext, useSortable, verticalListSortingStrategy } from "@dnd-kit/sortable";
import { CSS } from "@dnd-kit/utilities";
import type { ReactNode } from "react";
import { Link } from "wouter";
import { Icon } from "../../parts/icon.tsx";
import { Badge, type Tone } from "../../parts/status.tsx";
import { dayText } from "../../parts/time.tsx";
import { plural } from "../../parts/units.tsx";
import { type Card, type Column, HOME, PRIORITIES } from "./mission.ts";
import classes from "./mission-control.module.css";

const COLUMN = "column:";

/** The column that an id of a place stands for; undefined for a card's id. */
export const columnOfId = (id: string): string | undefined =>
  id.startsWith(COLUMN) ? id.slice(COLUMN.length) : undefined;

/** The board's address with something open on it. What is looked for stays. */
export const boardWith = (search: string, open: string): string =>
  `${HOME}/board${search === "" ? "?" : `${search}&`}${open}`;

interface ColumnProps {
  column: Column;
  mayWrite: boolean;
  /** What is looked for on the board, as in its address. */
  search: string;
}

export function BoardColumn({ column: { name, cards, left_out }, mayWrite, search }: ColumnProps) {
  const { setNodeRef, isOver } = useDroppable({ id: COLUMN + name });
  return (
    <section className={classes.column} aria-label={name} data-over={isOver || undefined}>
      <h2 className={classes.columnTitle}>
        {name} <span className="number faint">{cards.length + left_out}</span>
      </h2>
      <SortableContext items={cards.map(({ id }) => id)} strategy={verticalListSortingStrategy}>
        <ul ref={setNodeRef} className={classes.cards}>
          {cards.map((card) => (
            <BoardCard key={card.id} card={card} mayWrite={mayWrite} search={search} />
          ))}
        </ul>
      </SortableContext>
      {left_out > 0 && (
        <Link href={boardWith(search, "done=all")} className={classes.more}>
          {left_out} more that {left_out === 1 ? "was" : "were"} done earlier
        </Link>
      )}
    </section>
  );
}

const TONES: Record<Card["priority"], Tone> = { low: "quiet", medium: "calm", high: "warn", critical: "bad" };

function BoardCard({ card, mayWrite, search }: { card: Card } & Omit<ColumnProps, "column">) {
  const { attributes, listeners, setNodeRef, setActivatorNodeRef, transform, transition, isDragging } =
    useSortable({ id: card.id, disabled: !mayWrite });
  return (
    <li
      ref={setNodeRef}
      className={classes.card}
      data-dragging={isDragging || undefined}
      style={{ transform: CSS.Translate.toString(transform), transition }}
    >
      <CardText
        card={card}
        title={
          <Link href={boardWith(search, `card=${card.id}`)} className={classes.cardTitle}>
            {card.title}
          </Link>
        }
      >
        {mayWrite && (
          <button
            type="button"
            ref={setActivatorNodeRef}
            className={classes.handle}
            {...attributes}
            {...listeners}
            aria-label={`Move ${card.title}`}
          >
            <Icon name="Menu" size={14} />
          </button>
        )}
      </CardText>
    </li>
  );
}

/** A card that is on its way, over the columns. The one that stays in its column says where it would be put down. */
export const CarriedCard = ({ card }: { card: Card }) => (
  <div className={classes.card} data-carried aria-hidden>
    <CardText card={card} title={<span className={classes.cardTitle}>{card.title}</span>}>
      <span className={classes.handle}>
        <Icon name="Menu" size={14} />
      </span>
    </CardText>
  </div>
);

function CardText({ card, title, children }: { card: Card; title: ReactNode; children: ReactNode }) {
  return (
    <>
      <div className={classes.cardHead}>
        {title}
        {children}
      </div>
      <div className={classes.cardFacts}>
        <Badge tone={TONES[card.priority]}>{PRIORITIES[card.priority]}</Badge>
        {card.assigned !== null && <span>{card.assigned}</span>}
        {card.run_count > 0 && <span>{plural(card.run_count, "run")}</span>}
        {card.due !== null && <span>due {dayText(card.due)}</span>}
        {card.tags.map((tag) => (
          <span key={tag} className="faint">
            #{tag}
          </span>
        ))}
      </div>
    </>
  );
}

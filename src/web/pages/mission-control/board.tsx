// The board. Cards are moved with the pointer, by touch and with the keyboard; each move is told to screen readers.

import {
  type Announcements,
  type CollisionDetection,
  closestCorners,
  DndContext,
  type DragEndEvent,
  type DragOverEvent,
  DragOverlay,
  KeyboardSensor,
  PointerSensor,
  pointerWithin,
  useSensor,
  useSensors,
} from "@dnd-kit/core";
import { arrayMove, sortableKeyboardCoordinates } from "@dnd-kit/sortable";
import { Button } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useMemo, useRef, useState } from "react";
import { useLocation } from "wouter";
import { ApiError } from "../../parts/api-error.tsx";
import { Awaited } from "../../parts/awaited.tsx";
import { FilterBar } from "../../parts/filter-bar.tsx";
import { Icon } from "../../parts/icon.tsx";
import { useFilters } from "../../parts/use-filters.ts";
import { BoardColumn, boardWith, CarriedCard, columnOfId } from "./board-column.tsx";
import { CardDialog } from "./card-dialog.tsx";
import { board, type Column, cardOf, HOME, mission, refreshMission } from "./mission.ts";
import classes from "./mission-control.module.css";

const BOARD = `${HOME}/board`;
const PARAMETERS = ["card", "add", "done"] as const;
const FILTERS = ["q"] as const;
const START_PX = 6;
const HELP =
  "To move a task, press Space on its handle. Up and Down change its place, Left and Right its column. Space again puts it down, Escape leaves it where it was.";

export function Board({ mayWrite }: { mayWrite: boolean }) {
  const { card: shown = "", add, done } = useFilters(PARAMETERS).values;
  const filters = useFilters(FILTERS);
  const { data, error, refetch } = useQuery(board(done === "all" || filters.count > 0));
  const [, navigate] = useLocation();
  const found = data?.columns.flatMap(({ cards }) => cards).find(({ id }) => id === shown);
  const earlier = useQuery({ ...cardOf(shown), enabled: shown !== "" && data !== undefined && !found });
  const card = found ?? earlier.data ?? undefined;
  if (!data) return <Awaited error={error} onRetry={() => void refetch()} />;
  return (
    <div className={classes.filled}>
      <div className={classes.tools}>
        {mayWrite && (
          <Button
            size="xs"
            leftSection={<Icon name="Plus" size={14} />}
            onClick={() => navigate(boardWith(filters.search, "add=1"))}
          >
            New task
          </Button>
        )}
        <FilterBar filters={filters} choices={[{ name: "q", label: "Find tasks" }]} />
        <a href="/integrations/mission_control/export" download>
          Export as Markdown
        </a>
      </div>
      <Columns
        columns={matching(data.columns, filters.values.q)}
        mayWrite={mayWrite}
        search={filters.search}
      />
      {(add !== undefined || card) && (
        <CardDialog
          key={card?.id ?? "new"}
          card={card}
          columns={data.columns.map(({ name }) => name)}
          mayWrite={mayWrite}
          onClose={() => navigate(BOARD + filters.search)}
        />
      )}
    </div>
  );
}

/** The cards in which all the words stand. */
function matching(columns: Column[], words = ""): Column[] {
  const wanted = words.toLowerCase().split(" ").filter(Boolean);
  if (wanted.length === 0) return columns;
  const has = ({ title, tags, assigned, bot_id }: Column["cards"][number]) => {
    const text = [title, ...tags, assigned ?? "", bot_id ?? ""].join(" ").toLowerCase();
    return wanted.every((word) => text.includes(word));
  };
  return columns.map((column) => ({ ...column, cards: column.cards.filter(has) }));
}

interface ColumnsProps {
  columns: Column[];
  mayWrite: boolean;
  search: string;
}

function Columns({ columns: stored, mayWrite, search }: ColumnsProps) {
  /** The board as it looks while a card is on its way, and until the server has answered. */
  const [moving, setMoving] = useState<Column[]>();
  const columns = moving ?? stored;
  const [carriedId, setCarriedId] = useState<string>();
  const carriedCard = columns.flatMap(({ cards }) => cards).find(({ id }) => id === carriedId);
  const save = useMutation({
    mutationFn: (move: object) => mission("POST", "/kanban/move", move),
    onSettled: async () => {
      await refreshMission();
      setMoving(undefined);
    },
  });
  const sensors = useSensors(
    useSensor(PointerSensor, { activationConstraint: { distance: START_PX } }),
    useSensor(KeyboardSensor, { coordinateGetter: sortableKeyboardCoordinates }),
  );
  const accessibility = useMemo(
    () => ({ announcements: announcementsOf(columns), screenReaderInstructions: { draggable: HELP } }),
    [columns],
  );
  /** Where the card was when it was picked up: if somebody else moves it in the meantime, that move stands. */
  const began = useRef<Column>(undefined);
  const end = ({ active, over }: DragEndEvent) => {
    setCarriedId(undefined);
    const id = String(active.id);
    const from = began.current;
    const to = columnWith(columns, id);
    if (!(from && to && over)) return setMoving(undefined);
    const at = to.cards.findIndex((card) => card.id === id);
    const wanted = to.cards.findIndex((card) => card.id === String(over.id));
    const cards = wanted === -1 ? to.cards : arrayMove(to.cards, at, wanted);
    const place = cards.findIndex((card) => card.id === id);
    const wasAt = from.cards.findIndex((card) => card.id === id);
    if (from.name === to.name && place === wasAt) return setMoving(undefined);
    setMoving(columns.map((column) => (column.name === to.name ? { ...column, cards } : column)));
    save.mutate({
      card_id: id,
      from_column: from.name,
      to_column: to.name,
      after_id: cards[place - 1]?.id ?? null,
    });
  };
  return (
    <DndContext
      sensors={sensors}
      collisionDetection={underPointer}
      accessibility={accessibility}
      onDragStart={({ active }) => {
        began.current = columnWith(stored, String(active.id));
        setCarriedId(String(active.id));
      }}
      onDragOver={(event) => setMoving((now) => carried(now ?? stored, event))}
      onDragEnd={end}
      onDragCancel={() => {
        setCarriedId(undefined);
        setMoving(undefined);
      }}
    >
      {save.error && <ApiError error={save.error} />}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard must be able to scroll it */}
      <section className={classes.board} tabIndex={0} aria-label="Board, scrollable">
        {columns.map((column) => (
          <BoardColumn key={column.name} column={column} mayWrite={mayWrite} search={search} />
        ))}
      </section>
      <DragOverlay dropAnimation={null}>{carriedCard && <CarriedCard card={carriedCard} />}</DragOverlay>
    </DndContext>
  );
}

/** A card goes where the pointer is, since it is carried by its handle; from the keyboard, where most of it is. */
const underPointer: CollisionDetection = (moved) => {
  const found = pointerWithin(moved);
  return found.length > 0 ? found : closestCorners(moved);
};

/** Puts the card into the column that it is over, so that there is room for it. */
function carried(columns: Column[], { active, over }: DragOverEvent): Column[] {
  const id = String(active.id);
  const from = columnWith(columns, id);
  const to = over ? columnOver(columns, String(over.id)) : undefined;
  const card = from?.cards.find((one) => one.id === id);
  if (!(from && to && card && over) || from.name === to.name) return columns;
  const at = to.cards.findIndex((one) => one.id === String(over.id));
  const place = at === -1 ? to.cards.length : at;
  return columns.map((column) => {
    if (column.name === from.name) return { ...column, cards: column.cards.filter((one) => one.id !== id) };
    if (column.name === to.name) return { ...column, cards: column.cards.toSpliced(place, 0, card) };
    return column;
  });
}

const columnWith = (columns: readonly Column[], id: string): Column | undefined =>
  columns.find(({ cards }) => cards.some((card) => card.id === id));

const columnOver = (columns: readonly Column[], id: string): Column | undefined => {
  const name = columnOfId(id);
  return name === undefined ? columnWith(columns, id) : columns.find((column) => column.name === name);
};

function announcementsOf(columns: readonly Column[]): Announcements {
  const title = (id: string | number) =>
    columnWith(columns, String(id))?.cards.find((card) => card.id === String(id))?.title ?? "The task";
  const place = (over: { id: string | number } | null) => {
    const column = over ? columnOver(columns, String(over.id)) : undefined;
    if (!(column && over)) return "outside of the columns";
    const at = column.cards.findIndex((card) => card.id === String(over.id));
    return at === -1 ? `in ${column.name}` : `in ${column.name}, place ${at + 1} of ${column.cards.length}`;
  };
  return {
    onDragStart: ({ active }) => `${title(active.id)} is picked up, ${place(active)}.`,
    onDragOver: ({ active, over }) => `${title(active.id)} is ${place(over)}.`,
    onDragEnd: ({ active, over }) => `${title(active.id)} is put down ${place(over)}.`,
    onDragCancel: ({ active }) => `${title(active.id)} stays where it was.`,
  };
}

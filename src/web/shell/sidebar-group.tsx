import { Icon } from "../parts/icon.tsx";
import { useUi } from "../ui-store.ts";
import classes from "./sidebar.module.css";

interface SidebarGroupProps {
  /** Remembers by this name whether it is folded. */
  id: string;
  title: string;
  /** Beside the title: whether what it is about works. */
  mark?: React.ReactNode;
  /** The rail has no titles, so nothing is folded there. */
  isRail: boolean;
  children: React.ReactNode;
}

/** A titled group of the sidebar's entries, which a click on the title folds away. */
export function SidebarGroup({ id, title, mark, isRail, children }: SidebarGroupProps) {
  const isFolded = useUi((state) => state.foldedSections.includes(id));
  const fold = useUi((state) => state.foldSection);
  if (isRail) return <div className={classes.group}>{children}</div>;
  return (
    <div className={classes.group}>
      <button type="button" className={classes.label} aria-expanded={!isFolded} onClick={() => fold(id)}>
        <span className="cut">{title}</span>
        {mark}
        <Icon name={isFolded ? "ChevronRight" : "ChevronDown"} size={13} />
      </button>
      {!isFolded && children}
    </div>
  );
}

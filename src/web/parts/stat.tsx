import classes from "./stat.module.css";

/** As many characters as have room beside each other, the narrowest there is. */
const LONG = 9;

/** A number with its name, and what puts it into proportion. */
export function Stat({
  label,
  value,
  note,
}: {
  label: string;
  value: React.ReactNode;
  note?: React.ReactNode;
}) {
  return (
    <div className={classes.stat}>
      <span className={classes.label}>{label}</span>
      <span
        className={classes.value}
        data-long={(typeof value === "string" && value.length > LONG) || undefined}
      >
        {value}
      </span>
      {note && <span className={classes.note}>{note}</span>}
    </div>
  );
}

/** `dense` is for short numbers, of which more have room beside each other. */
export const StatRow = ({ children, dense }: { children: React.ReactNode; dense?: boolean }) => (
  <div className={classes.row} data-dense={dense || undefined}>
    {children}
  </div>
);

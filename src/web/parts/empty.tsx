import classes from "./empty.module.css";
import { Icon } from "./icon.tsx";
import type { IconName } from "./icon-names.ts";

interface EmptyProps {
  icon: IconName;
  title: string;
  children?: React.ReactNode;
  /** What the reader can do about it. */
  action?: React.ReactNode;
}

/** Shown where there is nothing yet: what would be here, and the button that brings it. */
export function Empty({ icon, title, children, action }: EmptyProps) {
  return (
    <div className={classes.empty}>
      <span className={classes.mark}>
        <Icon name={icon} size={22} />
      </span>
      <p className={classes.title}>{title}</p>
      {children && <div className={classes.text}>{children}</div>}
      {action && <div className={classes.action}>{action}</div>}
    </div>
  );
}

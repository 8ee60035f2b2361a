import { Tooltip } from "@mantine/core";
import { Link } from "wouter";
import { Icon } from "../parts/icon.tsx";
import classes from "./sidebar.module.css";

export interface NavItem {
  isRail: boolean;
  icon: string;
  label: string;
  /** Shown at the right: a count, a dot. */
  mark?: React.ReactNode;
}

export function NavLink({
  href,
  isCurrent,
  isRail,
  icon,
  label,
  mark,
}: NavItem & { href: string; isCurrent: boolean }) {
  return (
    <Tooltip label={label} position="right" disabled={!isRail}>
      <Link
        href={href}
        className={classes.item}
        aria-current={isCurrent ? "page" : undefined}
        aria-label={isRail ? label : undefined}
      >
        <Icon name={icon} size={17} />
        {!isRail && <span className="cut">{label}</span>}
        {mark}
      </Link>
    </Tooltip>
  );
}

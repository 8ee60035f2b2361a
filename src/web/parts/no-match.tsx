import { Button } from "@mantine/core";
import { Empty } from "./empty.tsx";

interface NoMatchProps {
  /** What the rows are, for people: "webhook". */
  what: string;
  onClear(): void;
}

/** Shown where the filters leave nothing. */
export function NoMatch({ what, onClear }: NoMatchProps) {
  return (
    <Empty
      icon="Filter"
      title={`No ${what} matches these filters`}
      action={
        <Button variant="default" size="xs" onClick={onClear}>
          Clear filters
        </Button>
      }
    />
  );
}

import { Button } from "@mantine/core";
import { Link } from "wouter";
import { Empty } from "../parts/empty.tsx";
import { PageFrame } from "../parts/page-frame.tsx";

export function NotFound({ path }: { path: string }) {
  return (
    <PageFrame title="No such page">
      <Empty
        icon="Unplug"
        title="Nothing is at this address"
        action={
          <Button component={Link} href="/">
            Go to the start page
          </Button>
        }
      >
        This server has no page at <code>{path}</code>. The integration that it belonged to may be switched
        off.
      </Empty>
    </PageFrame>
  );
}

import { Switch } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { sidebarSections } from "../api/queries.ts";
import { Dialog } from "../parts/dialog.tsx";
import { useUi } from "../ui-store.ts";
import classes from "./sidebar-sections.module.css";

/** Which sections of integrations the sidebar has, in this browser. */
export function SidebarSections({ onClose }: { onClose(): void }) {
  const { data = [] } = useQuery(sidebarSections);
  const hidden = useUi((state) => state.hiddenSections);
  const toggle = useUi((state) => state.toggleSection);
  return (
    <Dialog onClose={onClose} title="Sections of the sidebar">
      {data.length === 0 ? (
        <p>No integration adds a section to the sidebar.</p>
      ) : (
        <>
          <p>Integrations add these. What you hide here stays in the palette.</p>
          <div className={classes.sections}>
            {data.map(({ id, title, integration_id }) => (
              <Switch
                key={id}
                label={title}
                description={`From the integration ${integration_id}`}
                checked={!hidden.includes(id)}
                onChange={() => toggle(id)}
              />
            ))}
          </div>
        </>
      )}
    </Dialog>
  );
}

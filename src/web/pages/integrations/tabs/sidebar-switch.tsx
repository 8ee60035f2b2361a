import { Switch } from "@mantine/core";
import { useUi } from "../../../ui-store.ts";
import type { IntegrationDetail } from "../queries.ts";

/** Shows or hides the section that the integration adds to the sidebar, in this browser. */
export function SidebarSwitch({ integration: { sidebar_section } }: { integration: IntegrationDetail }) {
  const hidden = useUi((state) => state.hiddenSections);
  const toggle = useUi((state) => state.toggleSection);
  if (!sidebar_section) return null;
  return (
    <Switch
      mt="md"
      label={`Show “${sidebar_section.title}” in the sidebar`}
      checked={!hidden.includes(sidebar_section.id)}
      onChange={() => toggle(sidebar_section.id)}
    />
  );
}

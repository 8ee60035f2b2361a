import { ActionIcon, Menu, useMantineColorScheme } from "@mantine/core";
import { queryClient } from "../api/query-client.ts";
import { signOut, useSession } from "../api/session.ts";
import { Icon } from "../parts/icon.tsx";

const SCHEMES = [
  { value: "light", label: "Light", icon: "Sun" },
  { value: "dark", label: "Dark", icon: "Moon" },
  { value: "auto", label: "As the system", icon: "Monitor" },
] as const;

/** Signs out, and drops what the pages have read. */
export const leave = (): void => void signOut().finally(() => queryClient.clear());

/** Appearance, documentation, signing out. */
export function AccountMenu({ isRail, onSections }: { isRail: boolean; onSections(): void }) {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const me = useSession((session) => session.me);
  return (
    <Menu position={isRail ? "right-end" : "top-start"} width={210}>
      <Menu.Target>
        <ActionIcon aria-label="Account and appearance">
          <Icon name="User" />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {me && <Menu.Label>Signed in as {me.name}</Menu.Label>}
        <Menu.Label>Appearance</Menu.Label>
        {SCHEMES.map(({ value, label, icon }) => (
          <Menu.Item
            key={value}
            leftSection={<Icon name={icon} />}
            rightSection={colorScheme === value && <Icon name="Check" size={14} />}
            onClick={() => setColorScheme(value)}
          >
            {label}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item leftSection={<Icon name="Columns" />} onClick={onSections}>
          Sections of the sidebar …
        </Menu.Item>
        <Menu.Item component="a" href="/swagger" target="_blank" leftSection={<Icon name="BookOpen" />}>
          API documentation
        </Menu.Item>
        <Menu.Item leftSection={<Icon name="LogOut" />} onClick={leave}>
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

// Mantine's theme: warm greys, an indigo accent, and tighter sizes than its defaults.

import {
  ActionIcon,
  Anchor,
  Button,
  type CSSVariablesResolver,
  createTheme,
  Drawer,
  Input,
  type MantineColorsTuple,
  Menu,
  Modal,
  Tooltip,
} from "@mantine/core";

const indigo: MantineColorsTuple = [
  "#f0effc",
  "#dedbf7",
  "#b9b3ec",
  "#9289e3",
  "#7468da",
  "#6255d3",
  "#574ad0",
  "#4b3fc4",
  "#4237ae",
  "#372e97",
];
const gray: MantineColorsTuple = [
  "#faf8f5",
  "#f1eee8",
  "#e4dfd6",
  "#d5cec2",
  "#cdc6ba",
  "#a39b8e",
  "#6b655c",
  "#4b4640",
  "#35312c",
  "#211e1a",
];
const dark: MantineColorsTuple = [
  "#e2dfea",
  "#cbc8d4",
  "#a29eae",
  "#7d7989",
  "#474452",
  "#2f2d37",
  "#232229",
  "#1c1b21",
  "#17161b",
  "#141317",
];

/** A cross says nothing to a screen reader. */
const CLOSE = { "aria-label": "Close" };

export const theme = createTheme({
  primaryColor: "indigo",
  primaryShade: { light: 7, dark: 7 },
  colors: { indigo, gray, dark },
  fontFamily:
    'Inter, "Inter Variable", system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif',
  fontFamilyMonospace: "var(--mono)",
  fontSizes: { xs: "12px", sm: "13px", md: "14px", lg: "16px", xl: "20px" },
  lineHeights: { xs: "1.4", sm: "1.45", md: "1.5", lg: "1.5", xl: "1.3" },
  headings: {
    fontWeight: "650",
    sizes: {
      h1: { fontSize: "22px", lineHeight: "1.25" },
      h2: { fontSize: "16px", lineHeight: "1.35" },
      h3: { fontSize: "14px", lineHeight: "1.4" },
    },
  },
  defaultRadius: "md",
  radius: { xs: "3px", sm: "5px", md: "7px", lg: "10px", xl: "16px" },
  cursorType: "pointer",
  focusRing: "auto",
  respectReducedMotion: true,
  components: {
    Anchor: Anchor.extend({ defaultProps: { underline: "always" } }),
    Button: Button.extend({ defaultProps: { size: "sm" } }),
    ActionIcon: ActionIcon.extend({ defaultProps: { variant: "subtle", color: "gray" } }),
    Input: Input.extend({ defaultProps: { size: "sm" } }),
    Tooltip: Tooltip.extend({ defaultProps: { openDelay: 300, withArrow: true, multiline: true, maw: 320 } }),
    // Mantine focuses a placeholder, which is not a menu item and so must not be a child of a menu; the first item is focused instead.
    Menu: Menu.extend({ defaultProps: { withInitialFocusPlaceholder: false } }),
    Modal: Modal.extend({
      defaultProps: { centered: true, transitionProps: { duration: 120 }, closeButtonProps: CLOSE },
    }),
    Drawer: Drawer.extend({
      defaultProps: { transitionProps: { duration: 120 }, closeButtonProps: CLOSE },
    }),
  },
});

/** Joins Mantine's own colours to those of base.css. */
export const cssVariables: CSSVariablesResolver = () => {
  const shared = {
    "--mantine-color-body": "var(--panel)",
    "--mantine-color-text": "var(--ink)",
    "--mantine-color-dimmed": "var(--ink-faint)",
    "--mantine-color-placeholder": "var(--ink-faint)",
    "--mantine-color-error": "var(--bad)",
    "--mantine-color-anchor": "var(--accent)",
    "--mantine-color-default-border": "var(--line-strong)",
  };
  return { variables: {}, light: shared, dark: shared };
};

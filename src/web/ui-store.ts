// What a person has arranged in this browser. It is kept across sessions and holds nothing secret.

import { create } from "zustand";
import { persist } from "zustand/middleware";

interface Ui {
  /** The sidebar shows icons only. */
  isRail: boolean;
  /** Ids of integrations' sidebar sections that are hidden. */
  hiddenSections: string[];
  /** Names of the sidebar's sections whose entries are folded away. */
  foldedSections: string[];
  /** The list's share of two panes in percent, by the panes' name. */
  splits: Record<string, number>;
  /** Addresses of the pages opened last, newest first. */
  recent: { href: string; label: string }[];
  toggleRail(): void;
  toggleSection(id: string): void;
  foldSection(name: string): void;
  setSplit(name: string, share: number): void;
  visited(href: string, label: string): void;
}

const RECENT = 8;

const toggled = (list: readonly string[], entry: string): string[] =>
  list.includes(entry) ? list.filter((one) => one !== entry) : [...list, entry];

export const useUi = create<Ui>()(
  persist(
    (set) => ({
      isRail: false,
      hiddenSections: [],
      foldedSections: [],
      splits: {},
      recent: [],
      toggleRail: () => set(({ isRail }) => ({ isRail: !isRail })),
      toggleSection: (id) => set(({ hiddenSections }) => ({ hiddenSections: toggled(hiddenSections, id) })),
      foldSection: (name) => set(({ foldedSections }) => ({ foldedSections: toggled(foldedSections, name) })),
      setSplit: (name, share) => set(({ splits }) => ({ splits: { ...splits, [name]: share } })),
      visited: (href, label) =>
        set(({ recent }) => ({
          recent: [{ href, label }, ...recent.filter((one) => one.href !== href)].slice(0, RECENT),
        })),
    }),
    { name: "heddle-ui" },
  ),
);

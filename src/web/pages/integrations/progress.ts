// How far a person has come with setting things up, so that they can leave and come back. What the server knows
// (providers, settings, webhooks) is not repeated here; only what a person decided, or says they have done elsewhere.

import { create } from "zustand";
import { persist } from "zustand/middleware";

interface Progress {
  /** Ids of integrations whose webhook URL has been entered at the sending service. */
  entered: string[];
  /** The integration that the first steps are about. */
  chosen: string | null;
  /** No model is wanted for now. */
  staysOffline: boolean;
  markEntered(id: string): void;
  choose(id: string): void;
  stayOffline(staysOffline: boolean): void;
}

const MOST = 200;

export const useProgress = create<Progress>()(
  persist(
    (set) => ({
      entered: [],
      chosen: null,
      staysOffline: false,
      markEntered: (id) =>
        set(({ entered }) => ({ entered: [id, ...entered.filter((one) => one !== id)].slice(0, MOST) })),
      choose: (chosen) => set({ chosen }),
      stayOffline: (staysOffline) => set({ staysOffline }),
    }),
    { name: "heddle-set-up" },
  ),
);

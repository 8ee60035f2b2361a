// Whether somebody is signed in, and with which key.

import { create } from "zustand";
import { createJSONStorage, persist } from "zustand/middleware";

interface Session {
  /** Sent with every request. */
  key: string | null;
  isSignedIn: boolean;
  /** Why the sign-in screen is shown again. */
  endedBecause: string | null;
  signIn(key: string): void;
  signOut(reason?: string): void;
}

/** Kept in the tab, so that closing it signs out and the pages of integrations cannot read it. */
export const useSession = create<Session>()(
  persist(
    (set) => ({
      key: null,
      isSignedIn: false,
      endedBecause: null,
      signIn: (key) => set({ key, isSignedIn: true, endedBecause: null }),
      signOut: (reason) => set({ key: null, isSignedIn: false, endedBecause: reason ?? null }),
    }),
    { name: "heddle-session", storage: createJSONStorage(() => sessionStorage) },
  ),
);

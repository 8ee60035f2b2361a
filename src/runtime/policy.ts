// What the server tells launcher.ts, which is a program of its own.

export interface Policy {
  /** Files and folders that may be read and executed; what is not there is left out. */
  read: readonly string[];
  /** Folders that may be listed, with all that is in them, but not read. */
  list: readonly string[];
  /** Those that may be written in as well. */
  write: readonly string[];
  /** Whether addresses of the network can be reached, this machine's own among them. */
  network: boolean;
  /** Whether Landlock is to see to files; else they are hidden by other means already. */
  files: boolean;
  cwd: string;
}

/** Before the names of the program's variables: what a Bun or a loader obeys (BUN_OPTIONS, LD_PRELOAD) is not for the launcher. */
export const PREFIX = "HEDDLE_GIVES_";

// The policy that the server passes to launcher.ts, which runs as a separate program.

export interface Policy {
  /** Files and folders that may be read and executed; missing ones are ignored. */
  read: readonly string[];
  /** Folders that may be listed, recursively, but whose files may not be read. */
  list: readonly string[];
  /** Files and folders that may also be written. */
  write: readonly string[];
  /** Whether network addresses can be reached, including this machine's own. */
  network: boolean;
  /** Whether Landlock must restrict file access; if not, files are already hidden by other means. */
  files: boolean;
  cwd: string;
}

/**
 * Prefix for the names of the program's variables, so that the launcher itself does not obey any of them (BUN_OPTIONS,
 * LD_PRELOAD).
 */
export const PREFIX = "HEDDLE_GIVES_";

import type { ProcessState } from "../db/schema.ts";
import type { ConfinementKind } from "../runtime/confine.ts";

export interface ProcessStatus {
  integrationId: string;
  description: string;
  /** "waiting": a required setting has no value, or no server supervises yet. */
  state: ProcessState;
  pid: number | null;
  startedAt: Date | null;
  /** The exit code of the last run that ended. */
  exitCode: number | null;
  signal: string | null;
  restarts: number;
  lastError: string | null;
  nextStartAt: Date | null;
  memoryBytes: number | null;
  memoryLimitMb: number | null;
  /** Null where another server runs it. */
  confinement: ConfinementKind | null;
  /** Names in REQUIRED_ENV that have no value. */
  missing: string[];
  autoStart: boolean;
}

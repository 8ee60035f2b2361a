// What the rest of Heddle knows of the integrations of this server.

import type { Logger } from "../../log.ts";
import type { Redact } from "../../redact.ts";
import type { SdkServices } from "../../sdk/backend.ts";
import type { IntegrationMeta } from "../../sdk/types.ts";
import type { Directory } from "../discovery/directory.ts";
import type { IntegrationSource } from "../discovery/discover.ts";
import type { Standstills } from "../loading/standstills.ts";
import type { Change } from "../review/changes.ts";
import type { PendingApproval, Review } from "../review/review.ts";
import type { IntegrationRouter } from "../routing/router.ts";
import type { IntegrationStates } from "../settings/states.ts";
import type { Sinks } from "./go-live.ts";
import type { PaceOptions } from "./pace.ts";
import type { IntegrationEvent } from "./slot.ts";
import type { ServingStatus } from "./state.ts";
import type { IntegrationView } from "./view.ts";

export interface IntegrationsOptions {
  /** In order: a later one replaces integrations of an earlier one. */
  sources: IntegrationSource[];
  /** Made if missing. May be shared by processes. */
  cacheDir: string;
  /** Of Heddle. */
  version: string;
  /** Whether changes on the disk go live by themselves. */
  watch: boolean;
  /** Lines of an integration's own code go to a child named after it. */
  log: Logger;
  sinks: Sinks;
  /** Told what is found. */
  directory?: Pick<Directory, "set">;
  /** Hides secrets in why something does not load: its code may have thrown them. */
  redact?: Redact;
  /** Which are enabled. Default: all. */
  states?: Pick<IntegrationStates, "get" | "onChange">;
  /** Holds back what bots wrote and nobody approved. Default: there are no such files. */
  review?: Review;
  /** Holds back what made an earlier process stand still when it was loaded. Default: there is no such thing. */
  standstills?: Standstills;
  /** For preparing and running one integration. Default 15 s. */
  loadTimeoutMs?: number;
  /** How fast changes of one integration's files are taken up. */
  pace?: PaceOptions;
}

export type IntegrationListener = (id: string, event: IntegrationEvent) => void;

export type ServicesFor = (id: string) => Omit<SdkServices, "log">;

export interface Integrations {
  /**
   * Finds and loads all of them; resolves when each one is live or quarantined. Call it once. `servicesFor`: what the SDK
   * of an integration calls.
   */
  loadAll(servicesFor: ServicesFor): Promise<void>;
  /** Resolves when `loadAll` has. */
  whenSettled: Promise<void>;
  /** Resolves when this one has been tried for the first time, or is found not to be there. */
  whenLoaded(id: string): Promise<void>;
  get(id: string): IntegrationView | undefined;
  list(): IntegrationView[];
  /** In the same order; also those that are not loaded yet. */
  ids(): string[];
  /** What the live ones told of their places and people. */
  metas(): IntegrationMeta[];
  /** The router that is live now. A request given to an earlier one still finishes there. */
  routerOf(id: string): IntegrationRouter | undefined;
  /** Whether a request, its path below /integrations/<id>, needs no API key: POST "/webhook". */
  isPublic(id: string, asked: { method: string; path: string }): boolean;
  /** Whether a path below /integrations/<id> needs the scope `admin`. */
  isAdminOnly(id: string, path: string): boolean;
  /** Bytes that a body may have on its public routes, where the manifest says so. */
  maxBodyBytesOf(id: string): number | undefined;
  /** Reads the file of its web UI that a path below /integrations/<id> names; undefined for other paths. */
  webUiOf(id: string, path: string): (() => Promise<Response | undefined>) | undefined;
  statusOf(id: string): ServingStatus | undefined;
  /** Calls back when something happened to one; `get` has the new view then. Returns how to stop. */
  onChange(listener: IntegrationListener): () => void;
  /** Loads it again, changed or not; a disabled one stays as it is. Throws "not_found". */
  reload(id: string): Promise<IntegrationView>;
  /** Loads a quarantined one again: what it lacked, such as a setting, may be there now. */
  retry(id: string): void;
  /**
   * Approves what waits, if it is still what the hash names, and loads it. Throws "not_found", and "conflict" when
   * nothing waits or it is something else by now.
   */
  approve(id: string, hash: string): Promise<IntegrationView>;
  /**
   * Looks at the folder's files now. For what runs them from the folder itself: it must not while something waits.
   */
  pendingOf(id: string): Promise<PendingApproval | null>;
  /** What waits, with what differs from the version that went live last: both of the same moment. */
  changesOf(id: string): Promise<(PendingApproval & { changes: Change[] }) | null>;
  /** Looks again at all that wait: somebody, perhaps on another server, approved something. */
  recheckPending(): Promise<void>;
  close(): Promise<void>;
}

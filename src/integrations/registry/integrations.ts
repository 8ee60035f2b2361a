// The interface of the integrations of this server to the rest of Heddle.

import type { Logger } from "../../log.ts";
import type { Redact } from "../../redact.ts";
import type { SdkServices } from "../../sdk/backend.ts";
import type { IntegrationMeta } from "../../sdk/types.ts";
import type { IntegrationSource } from "../discovery/discover.ts";
import type { IntegrationsOnDisk } from "../discovery/on-disk.ts";
import type { Stalls } from "../loading/stalls.ts";
import type { Change } from "../review/changes.ts";
import type { PendingApproval, Review } from "../review/review.ts";
import type { IntegrationRouter } from "../routing/router.ts";
import type { ReadPage } from "../routing/web-ui.ts";
import type { IntegrationStates } from "../settings/states.ts";
import type { Sinks } from "./go-live.ts";
import type { RetryPauses } from "./load-again.ts";
import type { PaceOptions } from "./reload-pace.ts";
import type { IntegrationEvent } from "./slot.ts";
import type { ServingStatus } from "./state.ts";
import type { IntegrationView } from "./view.ts";

export interface IntegrationsOptions {
  /** In order: later sources replace integrations of earlier ones. */
  sources: IntegrationSource[];
  /** Created if missing. Several processes may share it. */
  cacheDir: string;
  /** The version of Heddle. */
  version: string;
  /** Whether changes on the disk go live automatically. */
  watch: boolean;
  /** An integration's own log lines go to a child logger named after it. */
  log: Logger;
  sinks: Sinks;
  /** Receives the result of each discovery. */
  onDisk?: Pick<IntegrationsOnDisk, "set">;
  /** Hides secrets in the reasons of failed loads, because an integration's code may have thrown them. */
  redact?: Redact;
  /** Which integrations are enabled. Default: all. */
  states?: Pick<IntegrationStates, "get" | "face" | "onChange">;
  /** Holds back code that bots wrote and nobody approved. Default: bots write no code. */
  review?: Review;
  /** Holds back integrations whose loading blocked an earlier process. Default: none. */
  stalls?: Stalls;
  /** Time limit for preparing and running one integration. Default: 15 s. */
  loadTimeoutMs?: number;
  /** How fast changes of one integration's files are applied. */
  pace?: PaceOptions;
  /** How soon a load that may succeed later is retried. */
  retryPauses?: RetryPauses;
}

export type IntegrationListener = (id: string, event: IntegrationEvent) => void;

export type ServicesFor = (id: string) => Omit<SdkServices, "log">;

export interface Integrations {
  /**
   * Finds and loads all integrations; resolves when each one is live or quarantined. Call it once. `servicesFor` gives the
   * services that the SDK of an integration calls.
   */
  loadAll(servicesFor: ServicesFor): Promise<void>;
  /** Resolves when `loadAll` has resolved. */
  whenReady: Promise<void>;
  /** Resolves when this integration has been tried for the first time, or is known not to exist. */
  whenLoaded(id: string): Promise<void>;
  get(id: string): IntegrationView | undefined;
  list(): IntegrationView[];
  /** In order of the sources, including integrations that are not loaded yet. */
  ids(): string[];
  /** The metadata that live integrations registered. */
  metas(): IntegrationMeta[];
  /** The live router. A request that an earlier router received still finishes there. */
  routerOf(id: string): IntegrationRouter | undefined;
  /** Whether a request (method, and path below /integrations/<id>) needs no API key: POST "/webhook". */
  isPublic(id: string, asked: { method: string; path: string }): boolean;
  /** Whether a path below /integrations/<id> needs the scope `admin`. */
  isAdminOnly(id: string, path: string): boolean;
  /** The resource of the scopes that routes need, as the manifest names it. */
  routeScopeOf(id: string): string | undefined;
  /** The manifest's limit for bodies on public routes, in bytes. */
  maxBodyBytesOf(id: string): number | undefined;
  /** Reads the file of the web UI that a path below /integrations/<id> names; undefined for other paths. */
  webUiOf(id: string, path: string): ReadPage | undefined;
  statusOf(id: string): ServingStatus | undefined;
  /** Calls the listener after an integration has changed; `get` already returns the new view. Returns a function that removes it. */
  onChange(listener: IntegrationListener): () => void;
  /** Loads an integration again, changed or not; a disabled one stays as it is. Throws "not_found". */
  reload(id: string): Promise<IntegrationView>;
  /** Loads a quarantined integration again: a missing setting, for example, may be set now. */
  retry(id: string): void;
  /**
   * Approves the waiting version, if it still has this hash, and loads it. Throws "not_found", and "conflict" when
   * nothing waits or the version has changed.
   */
  approve(id: string, hash: string): Promise<IntegrationView>;
  /**
   * Reviews the folder's files now, for programs that run from the folder itself: they must not start while a version waits.
   */
  pendingOf(id: string): Promise<PendingApproval | null>;
  /** The waiting version and its changes since the last live version, both of the same moment. */
  changesOf(id: string): Promise<(PendingApproval & { changes: Change[] }) | null>;
  /** Reviews all waiting integrations again, after an approval here or on another server. */
  recheckPending(): Promise<void>;
  close(): Promise<void>;
}

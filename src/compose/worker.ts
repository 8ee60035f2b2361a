import type { Config } from "../config/config.ts";
import { createWriteProbe } from "../db/write-probe.ts";
import { HeddleError } from "../errors.ts";
import { build } from "../runtime/assets.ts";
import { openWithClosers } from "./closers.ts";
import { openCore } from "./core.ts";
import { createGuard } from "./guard.ts";
import type { Heddle } from "./server.ts";

/** Starts a worker without a server. Several may share one PostgreSQL database. */
export function startWorker(
  config: Config,
  { guarded = false }: { guarded?: boolean } = {},
): Promise<Heddle> {
  return openWithClosers(async (closers) => {
    if (!config.databaseUrl) {
      throw new HeddleError(
        "config",
        "DATABASE_URL must be set for a worker: the embedded database belongs to one process, and `heddle serve` already runs a worker in it.",
        { field: "DATABASE_URL" },
      );
    }
    const core = await openCore(config, closers);
    const { db, log } = core.storage;
    const probe = createWriteProbe({ query: db.query, log });
    const guard = guarded ? await createGuard({ config, probe, log }) : undefined;
    if (guard) closers.push(guard.close);
    guard?.arm();
    core.loadIntegrations();
    await core.integrations.registry.whenReady;
    const worker = core.agent.startWorker();
    closers.push(worker.close);
    core.schedules.start();
    log.info("Worker started", { version: build.version, concurrency: config.workerConcurrency });
    return { url: null };
  });
}

// Starts the programs that the operator has declared.

import type { Config } from "../config/config.ts";
import type { Logger } from "../log.ts";
import { createConfinement } from "../runtime/confine.ts";
import { createSpawner, type Spawner } from "../runtime/spawn.ts";
import type { Closers } from "./closers.ts";

/** Most servers start none, and finding out how to confine one takes a moment. */
export function spawnerOnDemand(config: Config, log: Logger, closers: Closers): () => Promise<Spawner> {
  let starting: Promise<Spawner> | undefined;
  closers.push(async () => (await starting?.catch(() => undefined))?.close());
  return () => {
    starting ??= (async () => {
      const spawner = createSpawner({
        serverId: crypto.randomUUID(),
        home: config.home,
        confinement: createConfinement({
          home: config.home,
          wanted: config.processConfinement,
          paths: config.processPaths,
        }),
        log,
      });
      await spawner.prepare();
      return spawner;
    })();
    return starting;
  };
}

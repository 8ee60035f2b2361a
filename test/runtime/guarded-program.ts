// A program with a watchdog: `bun guarded-program.ts <home> <behaviour>`.

import { during } from "../../src/runtime/activity.ts";
import { startWatchdog } from "../../src/runtime/watchdog.ts";

const [home = "", behaviour] = process.argv.slice(2);
const watchdog = await startWatchdog({ home, warnAfterMs: 500, killAfterMs: 1_500, format: "json" });
if (behaviour !== "unarmed") watchdog.arm();
process.on("SIGTERM", async () => {
  await watchdog.close();
  process.exit(0);
});
const forever = () => {
  for (;;);
};
const forSeconds = (seconds: number) => {
  for (const end = performance.now() + seconds * 1000; performance.now() < end; );
};
void during(
  () => "a run that waits",
  () => new Promise(() => undefined),
);
// A finished activity must not be named.
during(
  () => "a finished activity",
  () => undefined,
);
setTimeout(() => {
  if (behaviour === "blocks")
    during(
      () => "the tool that never ends",
      forever,
      () => "that tool",
    );
  if (behaviour === "blocks a while" || behaviour === "unarmed") forSeconds(behaviour === "unarmed" ? 3 : 1);
  console.log("here");
  setInterval(() => undefined, 1_000);
}, 300);

// A program with a watchdog: `bun guarded-program.ts <home> <what it does>`.

import { during } from "../../src/runtime/activity.ts";
import { startWatchdog } from "../../src/runtime/watchdog.ts";

const [home = "", deed] = process.argv.slice(2);
const watchdog = await startWatchdog({ home, warnAfterMs: 500, killAfterMs: 1_500, format: "json" });
if (deed !== "unarmed") watchdog.arm();
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
// What is over is not named.
during(
  () => "what is over",
  () => undefined,
);
setTimeout(() => {
  if (deed === "blocks")
    during(
      () => "the tool that never ends",
      forever,
      () => "that tool",
    );
  if (deed === "blocks a while" || deed === "unarmed") forSeconds(deed === "unarmed" ? 3 : 1);
  console.log("here");
  setInterval(() => undefined, 1_000);
}, 300);

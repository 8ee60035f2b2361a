// `listen`, `poll` and `connection`: background loops of an integration, and the state of its connection. The server starts, restarts
// and ends the loops (src/listeners).

import { HeddleError } from "../errors.ts";
import { within } from "../within.ts";
import { atOnce, checkArgument, shown } from "./arguments.ts";
import type { RegisteredListener, SdkBackend } from "./backend.ts";
import { sleepFor } from "./http/client.ts";
import { misspellings } from "./misspelt.ts";
import { checkOptions } from "./options.ts";
import type { ConnectionControls, ConnectionStatus, ListenOptions, PollOptions } from "./types.ts";

const CONNECTION_STATUSES: readonly ConnectionStatus[] = [
  "connecting",
  "connected",
  "degraded",
  "reauth_required",
];
const NAME = /^[a-z0-9][a-z0-9_-]{0,63}$/;
const POLL_TIMEOUT_SECONDS = 120;
/** A connection attempt that nothing answers can hang for ever, and would be shown as one that is about to succeed. */
const CONNECT_SECONDS = 120;
const OF_LISTEN = ["name", "run", "catchUp", "when", "silenceSeconds"];
const OF_POLL = ["name", "run", "when", "everySeconds", "timeoutSeconds"];

export function createListeners(
  backend: Pick<SdkBackend, "registerListener" | "reportConnection" | "misspelt">,
) {
  return {
    listen(options: ListenOptions): void {
      checkArgument("The argument of listen()", options, "an object");
      const { name, run, catchUp, when, silenceSeconds } = options;
      check("listen", { name, run, when });
      if (catchUp !== undefined && typeof catchUp !== "function")
        throw invalid(`The catchUp of listen("${name}") must be a function.`);
      if (silenceSeconds !== undefined) checkSeconds("listen", name, "silenceSeconds", silenceSeconds);
      const wanted = whenOf(`listen("${name}")`, when);
      const connectSeconds = CONNECT_SECONDS;
      backend.registerListener({ name, run, catchUp, when: wanted, silenceSeconds, connectSeconds });
      backend.misspelt(misspellings(`listen("${name}")`, options, OF_LISTEN));
    },

    poll(options: PollOptions): void {
      checkArgument("The argument of poll()", options, "an object");
      const { name, run, when, everySeconds, timeoutSeconds = POLL_TIMEOUT_SECONDS } = options;
      check("poll", { name, run, when });
      checkSeconds("poll", name, "timeoutSeconds", timeoutSeconds);
      if (typeof everySeconds !== "function") checkSeconds("poll", name, "everySeconds", everySeconds);
      const pause = () => {
        const seconds =
          typeof everySeconds === "function"
            ? atOnce(`The everySeconds of poll("${name}")`, everySeconds())
            : everySeconds;
        checkSeconds("poll", name, "everySeconds", seconds);
        return seconds;
      };
      backend.registerListener({
        name,
        when: whenOf(`poll("${name}")`, when),
        catchUp: undefined,
        silenceSeconds: undefined,
        run: polling(run, timeoutSeconds, pause),
      });
      backend.misspelt(misspellings(`poll("${name}")`, options, OF_POLL));
    },

    connection: connectionOf(backend),
  };
}

function connectionOf({ reportConnection }: Pick<SdkBackend, "reportConnection">): ConnectionControls {
  return {
    async report(report) {
      checkOptions("connection.report", report, ["name", "status", "detail"]);
      const { name = "main", status } = report;
      checkName("connection.report", name);
      if (!CONNECTION_STATUSES.includes(status)) {
        throw invalid(
          `The status of connection.report() must be one of ${CONNECTION_STATUSES.join(", ")}; got ${shown(status)}.`,
        );
      }
      await reportConnection({ ...report, name });
    },
  };
}

/** Calls `run` again and again; what it throws ends the loop, so that the server decides when the next attempt is made. */
function polling(
  run: PollOptions["run"],
  timeoutSeconds: number,
  pause: () => number,
): RegisteredListener["run"] {
  return async (ctx) => {
    let { since } = ctx;
    while (!ctx.signal.aborted) {
      const started = new Date();
      let isWhole = true;
      const late = new AbortController();
      const work = run({
        signal: AbortSignal.any([ctx.signal, late.signal]),
        since,
        degraded(reason) {
          isWhole = false;
          ctx.degraded(reason);
        },
      });
      const error = () => new Error(`It took longer than ${timeoutSeconds} seconds.`);
      await within(timeoutSeconds * 1000, Promise.resolve(work), { error, signal: ctx.signal }).catch(
        (thrown) => {
          late.abort(thrown);
          throw thrown;
        },
      );
      if (isWhole) ctx.connected();
      else ctx.alive();
      since = started;
      await sleepFor(pause(), ctx.signal);
    }
  };
}

function check(what: string, { name, run, when }: { name: unknown; run: unknown; when: unknown }): void {
  checkName(what, name);
  if (typeof run !== "function") throw invalid(`The run of ${what}("${name}") must be a function.`);
  if (when !== undefined && typeof when !== "function")
    throw invalid(`The when of ${what}("${name}") must be a function.`);
}

const whenOf = (of: string, when: ListenOptions["when"]): RegisteredListener["when"] =>
  when && (() => atOnce(`The when of ${of}`, when()));

function checkName(what: string, name: unknown): void {
  if (typeof name === "string" && NAME.test(name)) return;
  throw invalid(`The name of ${what}() must be 1 to 64 of a-z 0-9 _ -, such as "inbox"; got ${shown(name)}.`);
}

function checkSeconds(what: string, name: string, field: string, seconds: unknown): void {
  if (typeof seconds === "number" && seconds > 0) return;
  throw invalid(`The ${field} of ${what}("${name}") must be a number above 0; got ${shown(seconds)}.`);
}

const invalid = (message: string): HeddleError => new HeddleError("validation", message);

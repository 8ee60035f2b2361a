// Chooses the home when none is given: a folder in the user's own state folder
// (https://specifications.freedesktop.org/basedir-spec). Earlier versions used `.heddle` in the working directory, and one
// that they made is still used. But a checkout or an archive can contain a `.heddle`, with settings and code in it.

import { lstatSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { HeddleError } from "../errors.ts";

export interface DefaultHome {
  path: string;
  /** What an operator should know about the choice; undefined when there is nothing to say. */
  note: string | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** `folder` is the working directory. */
export function defaultHome(environment: Environment, folder: string): DefaultHome {
  const usual = join(stateFolder(environment), "heddle");
  const former = resolve(folder, ".heddle");
  const reason = whyNotMadeHere(former);
  if (reason === "missing") return { path: usual, note: undefined };
  if (reason === undefined) {
    return {
      path: former,
      note: `The home is ${former}, as in earlier versions. New homes are made in ${usual}: set HEDDLE_HOME or use --home to be sure which one is used from any folder.`,
    };
  }
  const advice =
    reason === ANOTHERS
      ? "Run Heddle as that user to use it"
      : `Use --home ${former} if it belongs to this server`;
  return {
    path: usual,
    note: `${former} is not used as the home, because ${reason}; ${usual} is used instead. ${advice}.`,
  };
}

function stateFolder(environment: Environment): string {
  const { XDG_STATE_HOME: given } = environment;
  // The specification says to ignore relative paths.
  if (given && isAbsolute(given)) return given;
  const user = userFolder(environment);
  if (user) return join(user, ".local", "state");
  throw new HeddleError(
    "config",
    "HEDDLE_HOME must be set, because this user has no home directory where the server could keep its folder. Set HEDDLE_HOME or use --home.",
    { field: "HEDDLE_HOME" },
  );
}

/** The user's home directory; undefined for a user without one, as in containers and under systemd's DynamicUser. */
export function userFolder({ HOME: home }: Environment): string | undefined {
  if (home && isAbsolute(home)) return home;
  try {
    const found = homedir();
    return isAbsolute(found) ? found : undefined;
  } catch {
    // The system does not know this user.
    return undefined;
  }
}

const ANOTHERS = "it belongs to another user";

/** An unpacked file gets its content and its inode change either both at its creation, or at two different times. */
const AT_ONCE_MS = 1_000;

/**
 * Why this folder may have come with other files; undefined when a Heddle of this user made it here. An archive can set
 * modes and owners. But the database rewrites its control file again and again, so that it was last written long after
 * its creation, at the time of its last inode change: neither a checkout nor an archive can produce that.
 */
function whyNotMadeHere(path: string): "missing" | string | undefined {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found) return "missing";
  if (!found.isDirectory()) return "it is not a directory";
  if (found.uid !== process.getuid?.()) return ANOTHERS;
  if ((found.mode & 0o077) !== 0) return "other users can read it, which Heddle would not allow";
  const control = statSync(join(path, "db", "global", "pg_control"), { throwIfNoEntry: false });
  if (!control) return "it holds no database that Heddle has used";
  const { birthtimeMs, mtimeMs, ctimeMs } = control;
  const isInUse = birthtimeMs > 0 && mtimeMs - birthtimeMs > AT_ONCE_MS;
  if (!isInUse || Math.abs(ctimeMs - mtimeMs) > AT_ONCE_MS) {
    return "its database may have come with other files instead of being made here";
  }
  return undefined;
}

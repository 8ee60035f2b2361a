// Where a server keeps everything when nobody has said where: in the user's own state folder
// (https://specifications.freedesktop.org/basedir-spec). Earlier versions took `.heddle` in the working directory, and one
// that they made is still used. But a checkout or an archive can bring a `.heddle` along, with settings and code in it.

import { lstatSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { HeddleError } from "../errors.ts";

export interface DefaultHome {
  path: string;
  /** What an operator should know of the choice; undefined when there was none. */
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
      note: `The home is ${former}, as with earlier versions. New ones are in ${usual}: say --home or HEDDLE_HOME to be sure which one is used from any folder.`,
    };
  }
  const advice =
    reason === ANOTHERS ? "Run Heddle as that user to use it" : `Say --home ${former} if it is this server's`;
  return {
    path: usual,
    note: `${former} is not used as the home, because ${reason}; ${usual} is. ${advice}.`,
  };
}

function stateFolder(environment: Environment): string {
  const { XDG_STATE_HOME: given } = environment;
  // A relative one is to be ignored.
  if (given && isAbsolute(given)) return given;
  const user = userFolder(environment);
  if (user) return join(user, ".local", "state");
  throw new HeddleError(
    "config",
    "HEDDLE_HOME must be set: without it the home is in this user's own folder, and HOME does not name one. Set HEDDLE_HOME, or start with --home.",
    { field: "HEDDLE_HOME" },
  );
}

/** The user's own folder; undefined for one that has none, as in containers and under systemd's DynamicUser. */
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

const ANOTHERS = "it is another user's";

/** Of what an archive brings, content and inode change at two times, or else both when the file is made. */
const AT_ONCE_MS = 1_000;

/**
 * Why this may be something that came with other files; undefined when a Heddle of this user has made it here. Modes and
 * owners can come with an archive. But the database's control file is written again and again: last written long after
 * it was made, and its inode changed at no other time, is something that neither a checkout nor an archive can bring.
 */
function whyNotMadeHere(path: string): "missing" | string | undefined {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found) return "missing";
  if (!found.isDirectory()) return "it is no folder";
  if (found.uid !== process.getuid?.()) return ANOTHERS;
  if ((found.mode & 0o077) !== 0) return "others may read it, and so it was not made by Heddle";
  const control = statSync(join(path, "db", "global", "pg_control"), { throwIfNoEntry: false });
  if (!control) return "no database of Heddle's has been in use in it";
  const { birthtimeMs, mtimeMs, ctimeMs } = control;
  const isInUse = birthtimeMs > 0 && mtimeMs - birthtimeMs > AT_ONCE_MS;
  if (!isInUse || Math.abs(ctimeMs - mtimeMs) > AT_ONCE_MS) {
    return "nothing shows that its database was made here and did not come with other files";
  }
  return undefined;
}

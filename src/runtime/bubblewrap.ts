// Bubblewrap (https://github.com/containers/bubblewrap) starts a program in namespaces of its own: it sees no file but
// those that are bound in, no process but its own, and has no privilege.

import { existsSync, realpathSync } from "node:fs";
import { dirname } from "node:path";
import type { Launch } from "./launch.ts";
import type { Policy } from "./policy.ts";

const PLACES = ["/usr/bin/bwrap", "/usr/local/bin/bwrap", "/bin/bwrap"];

/** Throws when Bubblewrap is not installed. */
export function bubblewrapCommand({ command, environment }: Launch, policy: Policy): Launch {
  const program = PLACES.find((place) => existsSync(place));
  if (!program) throw new Error("it is not installed.");
  return {
    command: [
      program,
      ...["--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"],
      ...(policy.network ? [] : ["--unshare-net"]),
      ...["--cap-drop", "ALL", "--tmpfs", "/tmp", "--proc", "/proc", "--dev", "/dev"],
      ...withTargets(policy.read).flatMap((path) => ["--ro-bind", path, path]),
      ...withTargets(policy.write).flatMap((path) => ["--dev-bind", path, path]),
      // What is made around them is in memory, and nobody's to fill.
      ...["--remount-ro", "/"],
      "--",
      ...command,
    ],
    cwd: "/",
    environment,
  };
}

/** Those that are there, outer folders before what is in them, for a mount hides what was mounted inside. */
function withTargets(paths: readonly string[]): string[] {
  const all = new Set<string>();
  for (const path of paths) {
    try {
      // Under its own name as well as where it leads to: a program may ask for either.
      all.add(realpathSync(path));
      if (!isBelowLink(path)) all.add(path);
    } catch {
      // It is not there.
    }
  }
  return [...all].sort((a, b) => a.length - b.length);
}

/** Its folder is a link: what it leads to is bound, and a mount point cannot be made behind a link that is not there. */
const isBelowLink = (path: string): boolean => realpathSync(dirname(path)) !== dirname(path);

// Bubblewrap (https://github.com/containers/bubblewrap) starts a program in its own namespaces: it sees only the files
// that are bound in and only its own processes, and it has no privileges.

import { existsSync, realpathSync } from "node:fs";
import { dirname } from "node:path";
import type { Policy } from "./confinement-policy.ts";
import type { Launch } from "./launch.ts";

const LOCATIONS = ["/usr/bin/bwrap", "/usr/local/bin/bwrap", "/bin/bwrap"];

/** Throws when Bubblewrap is not installed. */
export function bubblewrapCommand({ command, environment }: Launch, policy: Policy): Launch {
  const program = LOCATIONS.find((path) => existsSync(path));
  if (!program) throw new Error("it is not installed.");
  return {
    command: [
      program,
      ...["--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"],
      ...(policy.network ? [] : ["--unshare-net"]),
      ...["--cap-drop", "ALL", "--tmpfs", "/tmp", "--proc", "/proc", "--dev", "/dev"],
      ...withTargets(policy.read).flatMap((path) => ["--ro-bind", path, path]),
      ...withTargets(policy.write).flatMap((path) => ["--dev-bind", path, path]),
      // The rest of the root is a tmpfs; making it read-only keeps programs from filling memory.
      ...["--remount-ro", "/"],
      "--",
      ...command,
    ],
    cwd: "/",
    environment,
  };
}

/** The paths that exist, outer folders first: a later mount would hide what was mounted inside it. */
function withTargets(paths: readonly string[]): string[] {
  const all = new Set<string>();
  const links: string[] = [];
  for (const path of paths) {
    try {
      // Both the path and its target, because a program may open either.
      const target = realpathSync(path);
      all.add(target);
      if (target !== path && !isBelowLink(path)) links.push(path);
    } catch {
      // The path does not exist.
    }
  }
  // A link inside a folder that is bound is already there, and nothing can be mounted on it.
  const seen = [...all];
  for (const path of links) if (!seen.some((folder) => path.startsWith(`${folder}/`))) all.add(path);
  return [...all].sort((a, b) => a.length - b.length);
}

/**
 * True if the parent folder is reached through a link. Only the target is bound then: a mount point cannot be created
 * behind a link that does not exist inside.
 */
const isBelowLink = (path: string): boolean => realpathSync(dirname(path)) !== dirname(path);

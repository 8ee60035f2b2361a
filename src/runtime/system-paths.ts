import { readdirSync, realpathSync } from "node:fs";
import { basename, delimiter, dirname, isAbsolute, join, sep } from "node:path";
import { ownCode } from "./assets.ts";

const named = (folder: string, names: string): string[] => names.split(" ").map((name) => join(folder, name));

/**
 * Programs, libraries and the system files they read: names, addresses, time zones, certificates. No home directories,
 * no /run.
 */
const SYSTEM = [
  ...named("/", "bin sbin lib lib32 lib64 libx32 usr nix/store gnu/store"),
  ...named(
    "/etc",
    "alternatives ca-certificates ca-certificates.conf crypto-policies fonts gai.conf group host.conf",
  ),
  ...named(
    "/etc",
    "hostname hosts ld.so.cache ld.so.conf ld.so.conf.d localtime magic mime.types nsswitch.conf",
  ),
  ...named("/etc", "os-release passwd protocols python3 resolv.conf services shells terminfo timezone"),
  // Not the private keys beside them.
  ...named("/etc/ssl", "certs cert.pem openssl.cnf"),
  ...named("/etc/pki", "ca-trust tls/certs tls/cert.pem tls/openssl.cnf"),
  "/var/lib/ca-certificates",
  // On many systems resolv.conf is a link to one of these.
  ...named("/run", "systemd/resolve/resolv.conf systemd/resolve/stub-resolv.conf resolvconf/resolv.conf"),
  "/run/NetworkManager/resolv.conf",
  // Tells programs how much of the machine they may use.
  ...named("/sys", "devices/system/cpu devices/system/node fs/cgroup kernel/mm/transparent_hugepage"),
];

export interface SystemPathsOptions {
  /** The value of PATH. */
  searchPath: string;
  /** A folder to exclude, wherever it is. */
  hidden: string;
}

/** Paths that every process may read and execute: the system's, the folders in PATH, and Heddle's own program. */
export function systemPaths({ searchPath, hidden }: SystemPathsOptions): string[] {
  const folders = searchPath.split(delimiter).filter((folder) => isAbsolute(folder) && folder !== "/");
  // Software in its own prefix has its libraries beside its programs.
  const libraries = folders
    .filter((folder) => basename(folder) === "bin")
    .map((bin) => join(dirname(bin), "lib"));
  const real = resolved(hidden) ?? hidden;
  return [...[...SYSTEM, ...folders, ...libraries].flatMap((path) => around(real, path)), ...ownCode()];
}

/** Returns the path, or its contents without the hidden folder; nothing if the path is inside that folder. */
function around(hidden: string, path: string): string[] {
  const real = resolved(path);
  if (real === undefined || isIn(hidden, real)) return [];
  if (!isIn(real, hidden)) return [path];
  return readdirSync(real).flatMap((name) => around(hidden, join(real, name)));
}

const isIn = (folder: string, path: string): boolean =>
  path === folder || path.startsWith(folder === sep ? sep : folder + sep);

/** Undefined if the path does not exist. */
function resolved(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

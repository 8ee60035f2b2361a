import { readdirSync, realpathSync } from "node:fs";
import { basename, delimiter, dirname, isAbsolute, join, sep } from "node:path";
import { ownCode } from "./assets.ts";

const named = (folder: string, names: string): string[] => names.split(" ").map((name) => join(folder, name));

/** Programs, libraries and what they read of the system: names, addresses, time zones, certificates. No home, no /run. */
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
  // Not what is beside them: private keys.
  ...named("/etc/ssl", "certs cert.pem openssl.cnf"),
  ...named("/etc/pki", "ca-trust tls/certs tls/cert.pem tls/openssl.cnf"),
  "/var/lib/ca-certificates",
  // Where resolv.conf leads to on many systems.
  ...named("/run", "systemd/resolve/resolv.conf systemd/resolve/stub-resolv.conf resolvconf/resolv.conf"),
  "/run/NetworkManager/resolv.conf",
  // How much of the machine there is to use.
  ...named("/sys", "devices/system/cpu devices/system/node fs/cgroup kernel/mm/transparent_hugepage"),
];

export interface SystemPathsOptions {
  /** The value of PATH. */
  searchPath: string;
  /** A folder that is in none of them, wherever it lies. */
  hidden: string;
}

/** What every process may read and execute: the system's, what PATH names, and Heddle's own program. */
export function systemPaths({ searchPath, hidden }: SystemPathsOptions): string[] {
  const folders = searchPath.split(delimiter).filter((folder) => isAbsolute(folder) && folder !== "/");
  // What is installed in a place of its own has its libraries beside its programs.
  const libraries = folders
    .filter((folder) => basename(folder) === "bin")
    .map((bin) => join(dirname(bin), "lib"));
  const real = resolved(hidden) ?? hidden;
  return [...[...SYSTEM, ...folders, ...libraries].flatMap((path) => around(real, path)), ...ownCode()];
}

/** The path, or what is in it but for the hidden folder; nothing of what is in that one. */
function around(hidden: string, path: string): string[] {
  const real = resolved(path);
  if (real === undefined || isIn(hidden, real)) return [];
  if (!isIn(real, hidden)) return [path];
  return readdirSync(real).flatMap((name) => around(hidden, join(real, name)));
}

const isIn = (folder: string, path: string): boolean =>
  path === folder || path.startsWith(folder === sep ? sep : folder + sep);

/** Undefined for what is not there. */
function resolved(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

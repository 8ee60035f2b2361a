// Applies Linux's Landlock and seccomp to this process and everything it execs: only listed files can be opened, no
// outside process can be inspected or signalled, and no local socket can be reached. It needs neither privileges nor
// other programs, and works in containers and hardened services where namespaces cannot be created.
// https://docs.kernel.org/userspace-api/landlock.html, https://docs.kernel.org/userspace-api/seccomp_filter.html

import { dlopen, ptr, read } from "bun:ffi";
import { closeSync, openSync, statSync } from "node:fs";
import type { Policy } from "./confinement-policy.ts";
import { LIBC } from "./libc.ts";
import { seccompFilter } from "./seccomp.ts";

/** System call numbers, the same on every 64-bit architecture. */
const CREATE_RULESET = 444;
const ADD_RULE = 445;
const RESTRICT_SELF = 446;
const NUMBERS = {
  x64: { prctl: 157, capset: 126, execve: 59 },
  arm64: { prctl: 167, capset: 91, execve: 221 },
} as const;

const EXECUTE = 1 << 0;
const WRITE_FILE = 1 << 1;
const READ_FILE = 1 << 2;
const READ_DIR = 1 << 3;
const TRUNCATE = 1 << 14;
const IOCTL_DEV = 1 << 15;
const READING = EXECUTE | READ_FILE | READ_DIR;
const OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV;
/** The access rights of each ABI version, from 1 on: REFER came with 2, TRUNCATE with 3, IOCTL_DEV with 5. */
const KNOWN_ACCESS = [0x1fff, 0x3fff, 0x7fff, 0x7fff, 0xffff];
/** Scopes for abstract sockets and signals, from ABI version 6 on. */
const SCOPES = 0b11;

const DEVICES = ["null", "zero", "full", "random", "urandom", "tty"].map((name) => `/dev/${name}`);

const PR_CAPBSET_DROP = 24;
const PR_SET_SECCOMP = 22;
const PR_SET_NO_NEW_PRIVS = 38;
const PR_CAP_AMBIENT = 47;
const PR_CAP_AMBIENT_CLEAR_ALL = 4;
const SECCOMP_MODE_FILTER = 2;
const CAPABILITY_VERSION_3 = 0x2008_0522;
const LAST_CAPABILITY = 63;
const O_PATH_CLOEXEC = 0o12000000;
const SIGPIPE = 13;

/** Irrevocably restricts this thread and everything it execs. Throws if the system does not support it. */
export function restrict(policy: Policy): void {
  const { call, numbers } = system();
  must(call(numbers.prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs");
  dropCapabilities();
  if (policy.files) restrictFiles(policy);
  const filter = seccompFilter(policy);
  // struct sock_fprog: a count, padded to eight bytes, and a pointer.
  const program = new BigUint64Array([BigInt(filter.length / 8), BigInt(ptr(filter))]);
  must(call(numbers.prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ptr(program), 0, 0), "seccomp");
}

function restrictFiles(policy: Policy): void {
  const { call } = system();
  const abi = call(CREATE_RULESET, 0, 0, 1);
  if (abi < 1) throw new Error("this kernel has no Landlock, or a container hides it.");
  const handled = KNOWN_ACCESS[Math.min(abi, KNOWN_ACCESS.length) - 1] ?? 0;
  const attributes = new BigUint64Array([BigInt(handled), 0n, abi >= 6 ? BigInt(SCOPES) : 0n]);
  const size = abi >= 6 ? 24 : abi >= 4 ? 16 : 8;
  const ruleset = must(call(CREATE_RULESET, ptr(attributes), size, 0), "landlock_create_ruleset");
  // Other processes' pids and names are visible in /proc, but not the files that only their owner may read.
  for (const path of [...policy.read, "/proc"]) allow(ruleset, path, READING & handled);
  for (const path of policy.list) allow(ruleset, path, READ_DIR);
  for (const path of [...policy.write, ...DEVICES]) allow(ruleset, path, handled);
  must(call(RESTRICT_SELF, ruleset, 0), "landlock_restrict_self");
  closeSync(ruleset);
}

/** Replaces this process with another program (execve). Returns only on failure, with errno. */
export function execute(
  program: string,
  args: readonly string[],
  environment: Record<string, string>,
): number {
  const { call, numbers, resetSignals, errno } = system();
  const path = cString(program);
  const argv = pointers([program, ...args]);
  const envp = pointers(Object.entries(environment).map(([name, value]) => `${name}=${value}`));
  // Bun ignores SIGPIPE, and ignored signals stay ignored across execve.
  resetSignals();
  call(numbers.execve, ptr(path), ptr(argv.list), ptr(envp.list));
  return errno();
}

function allow(ruleset: number, path: string, access: number): void {
  let fd: number;
  try {
    fd = openSync(path, O_PATH_CLOEXEC);
  } catch {
    return;
  }
  try {
    const rule = new DataView(new ArrayBuffer(12));
    const granted = statSync(path).isDirectory() ? access : access & OF_FILES;
    rule.setBigUint64(0, BigInt(granted), true);
    rule.setInt32(8, fd, true);
    must(system().call(ADD_RULE, ruleset, 1, ptr(rule), 0), `landlock_add_rule for ${path}`);
  } finally {
    closeSync(fd);
  }
}

/** Children of a server that runs as root are root as well, but get no more rights than another user. */
function dropCapabilities(): void {
  const { call, numbers } = system();
  call(numbers.prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  // This fails without CAP_SETPCAP, but then there are no capabilities to drop.
  for (let one = 0; one <= LAST_CAPABILITY; one++) call(numbers.prctl, PR_CAPBSET_DROP, one, 0, 0, 0);
  const header = new Uint32Array([CAPABILITY_VERSION_3, 0]);
  must(call(numbers.capset, ptr(header), ptr(new Uint32Array(6))), "capset");
}

function must(result: number, what: string): number {
  if (result < 0) throw new Error(`${what} failed with error ${system().errno()}.`);
  return result;
}

function system() {
  const numbers = NUMBERS[process.arch as keyof typeof NUMBERS];
  if (process.platform !== "linux" || !numbers) throw new Error("Landlock exists only on Linux.");
  const { symbols } = openLibc();
  const call = (number: number, ...args: number[]): number => {
    const [a = 0, b = 0, c = 0, d = 0, e = 0] = args;
    return Number(symbols.syscall(number, a, b, c, d, e));
  };
  const errno = () => {
    const location = symbols.__errno_location();
    return location === null ? 0 : read.i32(location);
  };
  const resetSignals = () => void symbols.signal(SIGPIPE, 0);
  return { call, numbers, errno, resetSignals };
}

function openLibc() {
  for (const name of LIBC) {
    try {
      return dlopen(name, {
        syscall: { args: ["i64", "i64", "i64", "i64", "i64", "i64"], returns: "i64" },
        signal: { args: ["i32", "i64"], returns: "i64" },
        __errno_location: { args: [], returns: "ptr" },
      });
    } catch {
      // This is not this system's C library; try the next name.
    }
  }
  throw new Error("the C library was not found.");
}

const cString = (text: string): Uint8Array => new TextEncoder().encode(`${text}\0`);

/** A NULL-terminated array of C strings. The strings stay alive as long as the returned object does. */
function pointers(texts: string[]) {
  const strings = texts.map(cString);
  const list = new BigUint64Array([...strings.map((string) => BigInt(ptr(string))), 0n]);
  return { list, strings };
}

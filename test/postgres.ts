// A real PostgreSQL 17 with pgvector for the tests: Debian packages in a folder of their own outside the
// repository, run with chroot. Needs root on Debian; made once and used again.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";

const SUITE = "trixie";
const PACKAGES = "postgresql-17,postgresql-17-pgvector,pgbouncer";
/** Its name changes with what is in it, so that an older folder is not taken for it. */
const FOLDER = "postgres-17-pgbouncer";
const BIN = "/usr/lib/postgresql/17/bin";
const DATA_PREFIX = "heddle-data-";

export interface TestPostgres {
  /** Of the superuser, to the database "postgres". */
  url: string;
  /** Its files, which have a PgBouncer as well. */
  root: string;
  stop(): Promise<void>;
}

/** Why this machine cannot make one, or undefined when it can. */
export function whyNoPostgres(): string | undefined {
  if (process.platform !== "linux" || !existsSync("/etc/debian_version")) return "this is not Debian";
  if (process.getuid?.() !== 0) return "it needs root, for debootstrap and chroot";
  return undefined;
}

/** A database that is removed waits until the disk has everything: seconds each, for files that nobody reads again. */
const NOT_DURABLE = ["fsync=off", "synchronous_commit=off", "full_page_writes=off"];

/**
 * Starts a server with an empty cluster on a free port of the loopback; it ends with this process at the latest. One
 * that is not durable loses its data when the machine fails, and is faster.
 */
export async function startPostgres(
  say: (text: string) => void,
  { isDurable = true } = {},
): Promise<TestPostgres> {
  const root = serverFolder(say);
  removeAbandonedData(root);
  const port = await freePort();
  const password = crypto.randomUUID();
  const data = makeCluster(root, password);
  const server = spawn(
    "chroot",
    // The kernel ends the server when this process goes, however it goes.
    [root, "setpriv", ...AS_POSTGRES, "--pdeathsig", "INT", `${BIN}/postgres`, "-D", data]
      .concat(["-c", `port=${port}`, "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="])
      .concat(["-c", "max_connections=200"])
      .concat(isDurable ? [] : NOT_DURABLE.flatMap((setting) => ["-c", setting])),
    { stdio: ["ignore", "ignore", "pipe"], env: ENVIRONMENT },
  );
  await untilSaid(server, "ready to accept connections");
  return {
    url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
    root,
    async stop() {
      const ended = new Promise((resolve) => server.once("exit", resolve));
      // "Fast" shutdown: sessions are cut, nothing waits for them.
      server.kill("SIGINT");
      await ended;
      rmSync(join(root, data), { recursive: true, force: true });
    },
  };
}

/** A pooler in front of the server that `url` names; the same URL with another port leads through it. */
export async function startPgBouncer(
  root: string,
  url: URL,
  mode: "session" | "transaction",
  { roundRobin = false } = {},
) {
  const port = await freePort();
  const folder = `/tmp/${DATA_PREFIX}${process.pid}-${crypto.randomUUID()}`;
  const { username, password, hostname, port: serverPort } = url;
  mkdirSync(join(root, folder), { mode: 0o700 });
  writeFileSync(join(root, folder, "users"), `"${username}" "${decodeURIComponent(password)}"\n`);
  writeFileSync(
    join(root, folder, "ini"),
    `[databases]\n* = host=${hostname} port=${serverPort}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = ${port}\nunix_socket_dir =\nauth_type = plain\nauth_file = ${folder}/users\npool_mode = ${mode}\nserver_round_robin = ${Number(roundRobin)}\n`,
  );
  for (const name of ["", "users", "ini"]) chownSync(join(root, folder, name), postgresUid(root), 0);
  const pooler = spawn(
    "chroot",
    [root, "setpriv", ...AS_POSTGRES, "--pdeathsig", "INT", "/usr/sbin/pgbouncer", `${folder}/ini`],
    { stdio: ["ignore", "ignore", "pipe"], env: ENVIRONMENT },
  );
  await untilSaid(pooler, "process up");
  const through = new URL(url);
  through.port = String(port);
  return {
    url: through,
    async stop() {
      const ended = new Promise((resolve) => pooler.once("exit", resolve));
      pooler.kill("SIGINT");
      // A second one does not wait for clients to go.
      pooler.kill("SIGTERM");
      await ended;
      rmSync(join(root, folder), { recursive: true, force: true });
    },
  };
}

const ENVIRONMENT = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LANG: "C.UTF-8", LC_ALL: "C.UTF-8" };
const AS_POSTGRES = ["--reuid=postgres", "--regid=postgres", "--init-groups"];

/** The folder with the packages, made if it is missing or was left half-made. */
function serverFolder(say: (text: string) => void): string {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), ".cache");
  const root = join(cache, "heddle", FOLDER);
  if (isUsable(root)) return root;
  say(`Making PostgreSQL 17 in ${root}; this happens once and takes about a minute.`);
  removeServerFolder(root);
  mkdirSync(dirname(root), { recursive: true });
  if (!runs("debootstrap", ["--version"])) installPackages(["debootstrap"]);
  // It appears under its name only when it is whole; two runs at once make two and keep one.
  const unfinished = mkdtempSync(`${root}.`);
  // mkdtemp makes it for its owner alone and debootstrap keeps that; the user "postgres" must enter it.
  chmodSync(unfinished, 0o755);
  run("debootstrap", ["--variant=minbase", `--include=${PACKAGES}`, SUITE, unfinished]);
  if (!isUsable(unfinished)) throw new Error(`debootstrap left no working PostgreSQL in ${unfinished}`);
  if (isUsable(root)) removeServerFolder(unfinished);
  else renameSync(unfinished, root);
  for (const name of readdirSync(dirname(root))) {
    if (name.startsWith(`${basename(root)}.`)) removeServerFolder(join(dirname(root), name));
  }
  return root;
}

function isUsable(root: string): boolean {
  return (
    // debootstrap's own working folder, which it removes at the end.
    !existsSync(join(root, "debootstrap")) &&
    existsSync(join(root, "usr/share/postgresql/17/extension/vector.control")) &&
    existsSync(join(root, "usr/sbin/pgbouncer")) &&
    // As the user that will run it: root enters folders that nobody else can.
    runs("chroot", [root, "setpriv", ...AS_POSTGRES, `${BIN}/postgres`, "--version"])
  );
}

function removeServerFolder(root: string): void {
  // What an interrupted debootstrap left mounted must not be emptied.
  for (const mount of ["proc", "sys", "dev/pts"]) runs("umount", [join(root, mount)]);
  run("rm", ["--recursive", "--force", "--one-file-system", root]);
}

/** Of runs that were killed before they could clean up. */
function removeAbandonedData(root: string): void {
  for (const name of readdirSync(join(root, "tmp"))) {
    if (!name.startsWith(DATA_PREFIX)) continue;
    const folder = join(root, "tmp", name);
    const owner = Number(/^\d+/.exec(name.slice(DATA_PREFIX.length))?.[0]);
    if (!isAlive(owner) && !isAlive(postmasterPid(folder))) rmSync(folder, { recursive: true, force: true });
  }
}

function postmasterPid(data: string): number {
  const file = join(data, "postmaster.pid");
  return existsSync(file) ? Number.parseInt(readFileSync(file, "utf8"), 10) : Number.NaN;
}

function isAlive(pid: number): boolean {
  return existsSync(`/proc/${pid}`);
}

/** Returns its path as the server sees it. */
function makeCluster(root: string, password: string): string {
  const data = `/tmp/${DATA_PREFIX}${process.pid}-${crypto.randomUUID()}`;
  const passwordFile = `${data}.password`;
  writeFileSync(join(root, passwordFile), password, { mode: 0o600 });
  chownSync(join(root, passwordFile), postgresUid(root), 0);
  const initdb = [`${BIN}/initdb`, "-D", data, "--auth=scram-sha-256", `--pwfile=${passwordFile}`];
  execFileSync(
    "chroot",
    [root, "setpriv", ...AS_POSTGRES, ...initdb, "--encoding=UTF8", "--locale=C.UTF-8"],
    {
      env: ENVIRONMENT,
      stdio: ["ignore", "ignore", "inherit"],
    },
  );
  rmSync(join(root, passwordFile));
  return data;
}

function postgresUid(root: string): number {
  const uid = Number(/^postgres:[^:]*:(\d+):/m.exec(readFileSync(join(root, "etc/passwd"), "utf8"))?.[1]);
  if (!Number.isInteger(uid)) throw new Error(`${root}/etc/passwd has no user "postgres".`);
  return uid;
}

function untilSaid(server: ChildProcess, words: string): Promise<void> {
  let said = "";
  let isReady = false;
  return new Promise((resolve, reject) => {
    server.stderr?.setEncoding("utf8").on("data", (text: string) => {
      // Read on for as long as it runs: a full pipe would stop the server.
      if (isReady) return;
      said += text;
      isReady = said.includes(words);
      if (isReady) resolve();
    });
    server.once("exit", () => reject(new Error(`${server.spawnargs.at(-1)} did not start: ${said}`)));
    server.once("error", reject);
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}

/** Of Debian; needs root. */
export function installPackages(names: string[]): void {
  run("apt-get", ["update"]);
  run("apt-get", ["install", "--yes", "--no-install-recommends", ...names]);
}

/** Sets up what others read, so the caller's umask and locale are left out of it. */
function run(command: string, args: string[]): void {
  const umask = process.umask(0o022);
  try {
    execFileSync(command, args, {
      stdio: ["ignore", "inherit", "inherit"],
      env: { ...process.env, ...ENVIRONMENT, DEBIAN_FRONTEND: "noninteractive" },
    });
  } finally {
    process.umask(umask);
  }
}

function runs(command: string, args: string[]): boolean {
  try {
    execFileSync(command, args, { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

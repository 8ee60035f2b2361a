// Provides a real PostgreSQL 17 with pgvector for the tests, from Debian packages that are installed once into a cache
// folder outside the repository and run with chroot. This needs root on Debian.

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
/** The name changes with the contents, so that a folder with older contents is not used. */
const FOLDER = "postgres-17-pgbouncer";
const BIN = "/usr/lib/postgresql/17/bin";
const DATA_PREFIX = "heddle-data-";

export interface TestPostgres {
  /** Connects the superuser to the database "postgres". */
  url: string;
  /** The root folder of the packages, which include PgBouncer. */
  root: string;
  stop(): Promise<void>;
}

/** Returns why this machine cannot run one, or undefined when it can. */
export function whyNoPostgres(): string | undefined {
  if (process.platform !== "linux" || !existsSync("/etc/debian_version")) return "this is not Debian";
  if (process.getuid?.() !== 0) return "it needs root, for debootstrap and chroot";
  return undefined;
}

/** Without these, dropping a database waits for seconds until everything is on the disk. */
const NOT_DURABLE = ["fsync=off", "synchronous_commit=off", "full_page_writes=off"];

/**
 * Starts a server with an empty cluster on a free port of the loopback; it ends with this process at the latest. One
 * that is not durable is faster, and loses its data when the machine fails.
 */
export async function startPostgres(
  report: (text: string) => void,
  { isDurable = true } = {},
): Promise<TestPostgres> {
  const root = serverFolder(report);
  removeAbandonedData(root);
  const port = await freePort();
  const password = crypto.randomUUID();
  const data = makeCluster(root, password);
  const server = spawn(
    "chroot",
    // The kernel stops the server when this process ends, however it ends.
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
      // SIGINT requests a fast shutdown, which disconnects all sessions.
      server.kill("SIGINT");
      await ended;
      rmSync(join(root, data), { recursive: true, force: true });
    },
  };
}

/** Starts a pooler in front of the server at `url`. Its own URL differs in the port only. */
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
      // After a second signal it does not wait for its clients.
      pooler.kill("SIGTERM");
      await ended;
      rmSync(join(root, folder), { recursive: true, force: true });
    },
  };
}

const ENVIRONMENT = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LANG: "C.UTF-8", LC_ALL: "C.UTF-8" };
const AS_POSTGRES = ["--reuid=postgres", "--regid=postgres", "--init-groups"];

/** Returns the folder with the packages, and makes it when it is missing or incomplete. */
function serverFolder(report: (text: string) => void): string {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), ".cache");
  const root = join(cache, "heddle", FOLDER);
  if (isUsable(root)) return root;
  report(`Installing PostgreSQL 17 in ${root}; this happens once and takes about a minute.`);
  removeServerFolder(root);
  mkdirSync(dirname(root), { recursive: true });
  if (!runs("debootstrap", ["--version"])) installPackages(["debootstrap"]);
  // The folder gets its name only when it is complete. Of two concurrent runs, each makes a folder and one is kept.
  const unfinished = mkdtempSync(`${root}.`);
  // mkdtemp gives access to the owner only, and debootstrap keeps that, but the user "postgres" needs access.
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
    // debootstrap removes its working folder when it is done.
    !existsSync(join(root, "debootstrap")) &&
    existsSync(join(root, "usr/share/postgresql/17/extension/vector.control")) &&
    existsSync(join(root, "usr/sbin/pgbouncer")) &&
    // The check runs as the user of the server, because root can enter every folder.
    runs("chroot", [root, "setpriv", ...AS_POSTGRES, `${BIN}/postgres`, "--version"])
  );
}

function removeServerFolder(root: string): void {
  // An interrupted debootstrap may have left these mounted; their contents must not be removed.
  for (const mount of ["proc", "sys", "dev/pts"]) runs("umount", [join(root, mount)]);
  run("rm", ["--recursive", "--force", "--one-file-system", root]);
}

/** Removes the data of runs that were killed before they could clean up. */
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

/** Creates a cluster and returns its path inside the chroot. */
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
      // The pipe must be read for as long as the server runs, because a full pipe would block it.
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

/** Installs Debian packages; this needs root. */
export function installPackages(names: string[]): void {
  run("apt-get", ["update"]);
  run("apt-get", ["install", "--yes", "--no-install-recommends", ...names]);
}

/** Runs with a fixed umask and locale, because other users read the files that the command writes. */
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

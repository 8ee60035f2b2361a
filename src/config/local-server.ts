// The way in for the command line: a socket in a folder that only the server's own user can enter. Whoever can connect is
// the operator. No file holds a key for it, only the addresses of the server and of the socket.

import { chmodSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { errorMessage, HeddleError } from "../errors.ts";
import { isAbsent } from "../runtime/absent.ts";
import { serveOnSocket } from "../runtime/serve.ts";

export interface LocalServer {
  /** Without a trailing slash. */
  url: string;
  /** Path of the socket; null when it could not be made. */
  socket: string | null;
  pid: number;
}

export interface LocalDoorOptions {
  home: string;
  url: string;
  pid: number;
  /** The operator's key; it never leaves this process. */
  key: string;
  fetch(request: Request, client: { address: string }): Response | Promise<Response>;
  maxBodyBytes: number;
  /** Called with the reason when there is no socket. */
  onTrouble(error: unknown): void;
}

/** In bytes. Linux allows 107, other systems 103. */
const LONGEST_PATH = 103;
const FOLDER = "heddle-run-";

const runFolder = (home: string) => join(home, "run");
const fileIn = (home: string) => join(runFolder(home), "server.json");

/** Listens, and writes the address to a file. `close` removes both, unless another server has replaced them since. */
export function openLocalDoor(options: LocalDoorOptions): { close(): Promise<void> } {
  const { home, url, pid, key, fetch, maxBodyBytes, onTrouble } = options;
  mkdirSync(runFolder(home), { recursive: true, mode: 0o700 });
  removeLeftovers(home);
  const asOperator = (request: Request) => {
    // A caller that sends its own key means to use that one.
    if (!request.headers.has("authorization")) request.headers.set("authorization", `Bearer ${key}`);
    return fetch(request, { address: "127.0.0.1" });
  };
  const listener = listen();

  function listen() {
    for (const makePath of [() => join(runFolder(home), "heddle.sock"), pathElsewhere]) {
      try {
        const path = makePath();
        if (Buffer.byteLength(path) > LONGEST_PATH) continue;
        chmodSync(dirname(path), 0o700);
        const { close } = serveOnSocket({ path, fetch: asOperator, maxBodyBytes });
        chmodSync(path, 0o600);
        return { path, close };
      } catch (error) {
        // Some file systems have no sockets.
        onTrouble(error);
      }
    }
    return undefined;
  }

  write(home, { url, socket: listener?.path ?? null, pid });
  return {
    async close() {
      await listener?.close();
      if (findServer(home)?.pid !== pid) return;
      removeLeftovers(home);
    },
  };
}

/** Used when the home's own path is too long for a socket. */
const pathElsewhere = (): string => {
  const base = Buffer.byteLength(tmpdir()) > LONGEST_PATH - 40 ? "/tmp" : tmpdir();
  return join(mkdtempSync(join(base, FOLDER)), "heddle.sock");
};

/** Removes what a killed server left behind. */
function removeLeftovers(home: string): void {
  const socket = lastSocket(home);
  if (socket && basename(dirname(socket)).startsWith(FOLDER)) {
    rmSync(dirname(socket), { recursive: true, force: true });
  }
  rmSync(join(runFolder(home), "heddle.sock"), { force: true });
  rmSync(fileIn(home), { force: true });
}

function lastSocket(home: string): string | null {
  try {
    return readServer(home)?.socket ?? null;
  } catch {
    // The machine stopped while the file was being written.
    return null;
  }
}

function write(home: string, server: LocalServer): void {
  const file = fileIn(home);
  const unfinished = `${file}.${server.pid}`;
  // An existing file would keep its own mode.
  rmSync(unfinished, { force: true });
  writeFileSync(unfinished, `${JSON.stringify(server)}\n`, { mode: 0o600 });
  renameSync(unfinished, file);
}

/**
 * The server that wrote its address into this home, or undefined. After a crash the file is still there, so the server
 * need not be running. Throws "config" for a file that cannot be read.
 */
export function findServer(home: string): LocalServer | undefined {
  try {
    return readServer(home);
  } catch (cause) {
    const isForbidden = ["EACCES", "EPERM"].includes((cause as NodeJS.ErrnoException).code ?? "");
    const hint = isForbidden
      ? ". Run this as the user of the server or as root, or set HEDDLE_URL and HEDDLE_API_KEY."
      : "";
    throw new HeddleError("config", `${fileIn(home)} cannot be read: ${errorMessage(cause)}${hint}`, {
      cause,
    });
  }
}

function readServer(home: string): LocalServer | undefined {
  let text: string;
  try {
    text = readFileSync(fileIn(home), "utf8");
  } catch (error) {
    // Any other error, such as a folder of another user's, does not mean that no server runs.
    if (isAbsent(error)) return undefined;
    throw error;
  }
  const { url, socket = null, pid } = JSON.parse(text) as Partial<LocalServer>;
  return typeof url === "string" && typeof pid === "number" ? { url, socket, pid } : undefined;
}

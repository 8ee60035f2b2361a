// Extracts the text of PDF files in a process of its own with limits of time and memory, because a file of a few kilobytes can
// make any reader work for ever or fill the memory.

import { spawn } from "node:child_process";
import { errorMessage, HeddleError } from "../errors.ts";
import { ownCode, pdfProgram } from "./assets.ts";
import type { Confinement } from "./confine.ts";
import { isBun } from "./host.ts";
import { memoryOf } from "./process-family.ts";
import { ownBun } from "./run-bun.ts";

export type PdfOutcome =
  /** `isCut`: there is more text than that. */
  | { ok: true; text: string; pages: number; isCut: boolean }
  /** The end of a sentence: "it is damaged". */
  | { ok: false; reason: string };

/** Throws `unavailable` if too many files wait already. */
export type ReadPdf = (file: Uint8Array) => Promise<PdfOutcome>;

export interface PdfReaderOptions {
  home: string;
  /** Called for the first file. */
  confine(): Promise<Confinement>;
  /** Characters of text, and pages, that are read of one file. */
  mostCharacters: number;
  mostPages?: number;
  limits?: Partial<Limits>;
}

interface Limits {
  ms: number;
  bytes: number;
}

const LIMITS: Limits = { ms: 20_000, bytes: 512 * 1024 * 1024 };
const LOOK_EVERY_MS = 100;
const MOST_PAGES = 500;
const AT_ONCE = 2;
const MOST_WAITING = 30;
/** A character takes up to six bytes in JSON. */
const BYTES_PER_CHARACTER = 6;

export function createPdfReader(options: PdfReaderOptions): ReadPdf {
  const { home, confine, mostCharacters, mostPages = MOST_PAGES } = options;
  const limits = { ...LIMITS, ...options.limits };
  const waiting: (() => void)[] = [];
  let running = 0;
  let prepared: Promise<{ program: string; confinement: Confinement }> | undefined;

  const prepare = async () => ({ program: await pdfProgram(home), confinement: await confine() });

  async function read(file: Uint8Array): Promise<PdfOutcome> {
    prepared ??= prepare();
    const { program, confinement } = await prepared.catch((error) => {
      prepared = undefined;
      throw error;
    });
    const bun = ownBun([program, String(mostCharacters), String(mostPages)]);
    const launch = confinement.wrap({
      command: bun.command,
      cwd: "/",
      environment: bun.environment,
      access: { read: [program, ...ownCode()], write: [], network: false },
    });
    const mostOutput = mostCharacters * BYTES_PER_CHARACTER + 10_000;
    return readIn(launch, file, { ...limits, mostOutput });
  }

  return async (file) => {
    if (!isBun) return { ok: false, reason: "PDFs are not read on this platform" };
    if (running >= AT_ONCE) {
      if (waiting.length >= MOST_WAITING)
        throw new HeddleError("unavailable", "Too many PDFs wait to be read; try again in a moment.");
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else running += 1;
    try {
      return await read(file);
    } finally {
      // The slot goes to the next one that waits.
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}

function readIn(
  { command: [program = "", ...args], cwd, environment }: ReturnType<Confinement["wrap"]>,
  file: Uint8Array,
  { ms, bytes, mostOutput }: Limits & { mostOutput: number },
): Promise<PdfOutcome> {
  const { promise, resolve } = Promise.withResolvers<PdfOutcome>();
  const child = spawn(program, args, {
    cwd,
    env: environment,
    stdio: ["pipe", "pipe", "ignore"],
    detached: process.platform !== "win32",
  });
  const output: Buffer[] = [];
  let size = 0;
  let reason: string | undefined;
  const end = (why: string) => {
    reason ??= why;
    try {
      if (child.pid !== undefined)
        process.kill(process.platform === "win32" ? child.pid : -child.pid, "SIGKILL");
    } catch {
      // It has already exited.
    }
  };
  const late = setTimeout(() => end(`reading it takes longer than ${ms / 1000} seconds`), ms);
  const looking = setInterval(async () => {
    const used = child.pid === undefined ? 0 : ((await memoryOf({ groups: [child.pid] })) ?? 0);
    if (used > bytes) end(`reading it takes more than ${Math.round(bytes / 1024 / 1024)} MB of memory`);
  }, LOOK_EVERY_MS);
  child.stdout.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size > mostOutput) end("it has too much text");
    else output.push(chunk);
  });
  // A reader that has ended takes no more of the file.
  child.stdin.on("error", () => undefined);
  child.stdin.end(file);
  child.once("error", (error) => {
    reason ??= `its reader does not start (${errorMessage(error)})`;
    over();
  });
  child.once("close", over);
  return promise;

  function over(): void {
    clearTimeout(late);
    clearInterval(looking);
    resolve(reason === undefined ? outcomeIn(Buffer.concat(output).toString()) : { ok: false, reason });
  }
}

function outcomeIn(text: string): PdfOutcome {
  try {
    return JSON.parse(text) as PdfOutcome;
  } catch {
    return { ok: false, reason: "its reader broke off" };
  }
}

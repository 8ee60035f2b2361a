// The embedded database's file layer: PGlite's NodeFS, changed to sync when PostgreSQL asks for it and to stay
// consistent when the system refuses an operation. By itself, Emscripten's file layer has no `fsync` for real files and
// reports success.

import fs from "node:fs";
import { PGlite } from "@electric-sql/pglite";
import { NodeFS } from "@electric-sql/pglite/nodefs";
import { isUnsyncable } from "../runtime/durable-file.ts";

/**
 * Removes `-F`, which disables fsync. "fsync" is the only WAL sync method that reaches the system: Emscripten's
 * `fdatasync` does nothing and reports success.
 */
export const DURABLE_PARAMETERS = [
  ...PGlite.defaultStartParams.filter((parameter) => parameter !== "-F"),
  "-c",
  "wal_sync_method=fsync",
];

/** The parts of Emscripten's NODEFS used here; its internals have no published types. */
interface EmscriptenFiles {
  FS: {
    isDir(mode: number): boolean;
    closeStream(fd: number): void;
  };
  NODEFS: {
    tryFSOperation<Result>(operation: () => Result): Result;
    realPath(node: FileNode): string;
    createNode(parent: FileNode, name: string, mode: number, device: number): FileNode;
    node_ops: { mknod(parent: FileNode, name: string, mode: number, device: number): FileNode };
    stream_ops: {
      open(stream: FileStream): void;
      fsync?(stream: FileStream): number;
    };
  };
}
type FileNode = { mode: number };
type FileStream = { fd: number; nfd: number; node: FileNode };

type InitOptions = Parameters<NodeFS["init"]>[1];

/** A folder of the real file system, as PostgreSQL sees it. */
export class DurableFiles extends NodeFS {
  override async init(pg: PGlite, options: InitOptions) {
    const { emscriptenOpts } = await super.init(pg, options);
    const patch = (module: unknown) => makeDurable(module as EmscriptenFiles);
    // Patch before NodeFS mounts, because nodes copy the functions when they are created.
    return { emscriptenOpts: { ...emscriptenOpts, preRun: [patch, ...(emscriptenOpts.preRun ?? [])] } };
  }
}

function makeDurable({ FS, NODEFS }: EmscriptenFiles): void {
  const { node_ops, stream_ops } = NODEFS;
  stream_ops.fsync = ({ nfd, node }) => {
    NODEFS.tryFSOperation(() => syncDescriptor(nfd, FS.isDir(node.mode)));
    return 0;
  };
  // Create the file first and its node afterwards. A node without a file would answer "File exists" to every later
  // attempt, for example after a moment without free file descriptors.
  node_ops.mknod = (parent, name, mode, device) => {
    const path = `${NODEFS.realPath(parent)}/${name}`;
    NODEFS.tryFSOperation(() => {
      if (FS.isDir(mode)) fs.mkdirSync(path, mode);
      else fs.writeFileSync(path, "", { mode });
    });
    return NODEFS.createNode(parent, name, mode, device);
  };
  const { open } = stream_ops;
  stream_ops.open = (stream) => {
    try {
      open(stream);
    } catch (error) {
      // Otherwise every failure would permanently use up one of Emscripten's 4,096 streams.
      FS.closeStream(stream.fd);
      throw error;
    }
  };
}

function syncDescriptor(descriptor: number, isFolder: boolean): void {
  try {
    fs.fsyncSync(descriptor);
  } catch (error) {
    // PostgreSQL itself treats this error as success for folders.
    if (!isFolder || !isUnsyncable(error)) throw error;
  }
}

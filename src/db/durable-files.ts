// The embedded database's files: PGlite's NodeFS, made to sync when PostgreSQL asks for it, and to stay whole when the
// system refuses something. Left as it is, Emscripten's file layer has no `fsync` for real files and reports success.

import fs from "node:fs";
import { PGlite } from "@electric-sql/pglite";
import { NodeFS } from "@electric-sql/pglite/nodefs";
import { isUnsyncable } from "../runtime/durable-file.ts";

/**
 * Without `-F`, which turns fsync off. Of the ways to sync the log, "fsync" is the only one that reaches the system:
 * Emscripten's `fdatasync` does nothing and says that it did.
 */
export const DURABLE_PARAMETERS = [
  ...PGlite.defaultStartParams.filter((parameter) => parameter !== "-F"),
  "-c",
  "wal_sync_method=fsync",
];

/** What is used of Emscripten's NODEFS; it publishes no types of its inside. */
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

/** A folder of the real file system as PostgreSQL sees it. */
export class DurableFiles extends NodeFS {
  override async init(pg: PGlite, options: InitOptions) {
    const { emscriptenOpts } = await super.init(pg, options);
    const mend = (module: unknown) => makeDurable(module as EmscriptenFiles);
    // Before NodeFS mounts: nodes take the functions over as they are made.
    return { emscriptenOpts: { ...emscriptenOpts, preRun: [mend, ...(emscriptenOpts.preRun ?? [])] } };
  }
}

function makeDurable({ FS, NODEFS }: EmscriptenFiles): void {
  const { node_ops, stream_ops } = NODEFS;
  stream_ops.fsync = ({ nfd, node }) => {
    NODEFS.tryFSOperation(() => syncDescriptor(nfd, FS.isDir(node.mode)));
    return 0;
  };
  // The file first, then the node that stands for it: a node without a file would answer "File exists" for good to
  // whoever tries again, as after a moment without free file descriptors.
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
      // Otherwise each failure takes one of Emscripten's 4,096 streams for good.
      FS.closeStream(stream.fd);
      throw error;
    }
  };
}

function syncDescriptor(descriptor: number, isFolder: boolean): void {
  try {
    fs.fsyncSync(descriptor);
  } catch (error) {
    // PostgreSQL itself takes that for success.
    if (!isFolder || !isUnsyncable(error)) throw error;
  }
}

// Simulates what is left of a folder after a power cut: file contents as of their last sync, folder entries as of the
// folder's last sync, and a random part of any later change, page by page and name by name.

import { join } from "node:path";

/** Node's original functions, before anything was patched. */
type Files = typeof import("node:fs");

/** Systems write whole pages. */
const PAGE = 4096;

type Kind = "file" | "folder";

/** The state of a file or folder that is certainly on disk. */
interface Node {
  kind: Kind;
  /** For a file; undefined if it was never synced. */
  synced: Buffer | undefined;
  /** Path of its initial contents, read when they are about to change. */
  original: string | undefined;
  /** For a folder. */
  names: Map<string, Node>;
}

export interface Disk {
  /** Call this before a file is modified in place or removed. */
  beforeChange(inode: number): void;
  /** Bytes `from` to `to` have changed since the last sync; without a range, everything may have. */
  onSync(path: string, changed: [from: number, to: number][] | undefined): void;
  /** The inode's name is removed or replaced, so its number may be reused. */
  forget(inode: number): void;
  /** Writes what is left into `target`, which must not exist. */
  cut(target: string, random: () => number): void;
}

/** `copy` is a copy of `root` from before any change; both count as synced. */
export function createDisk(fs: Files, root: string, copy: string): Disk {
  const nodes = new Map<number, Node>();
  const begin = (path: string, original: string): Node => {
    const found = fs.lstatSync(path);
    const node = emptyNode(found.isDirectory() ? "folder" : "file");
    nodes.set(found.ino, node);
    if (node.kind === "file") node.original = original;
    else
      for (const name of fs.readdirSync(path)) {
        const child = join(path, name);
        if (isKept(fs, child)) node.names.set(name, begin(child, join(original, name)));
      }
    return node;
  };
  const top = begin(root, copy);

  const nodeAt = (path: string): Node => {
    const found = fs.lstatSync(path);
    const known = nodes.get(found.ino);
    if (known) return known;
    const node = emptyNode(found.isDirectory() ? "folder" : "file");
    nodes.set(found.ino, node);
    return node;
  };

  const contentsOf = (node: Node): Buffer => {
    if (node.original !== undefined) {
      node.synced = fs.readFileSync(node.original);
      node.original = undefined;
    }
    return node.synced ?? Buffer.alloc(0);
  };

  function cutFolder(node: Node, path: string | undefined, target: string, random: () => number): void {
    fs.mkdirSync(target, { mode: 0o700 });
    const current = new Map<string, Node>();
    if (path !== undefined)
      for (const name of fs.readdirSync(path))
        if (isKept(fs, join(path, name))) current.set(name, nodeAt(join(path, name)));
    for (const name of new Set([...node.names.keys(), ...current.keys()])) {
      const [synced, now] = [node.names.get(name), current.get(name)];
      const chosen = synced === now || random() < 0.5 ? now : synced;
      if (!chosen) continue;
      const where = path !== undefined && chosen === now ? join(path, name) : undefined;
      if (chosen.kind === "folder") cutFolder(chosen, where, join(target, name), random);
      else
        fs.writeFileSync(join(target, name), cutFile(fs, contentsOf(chosen), where, random), { mode: 0o600 });
    }
  }

  return {
    beforeChange(inode) {
      const node = nodes.get(inode);
      if (node) contentsOf(node);
    },
    onSync(path, changed) {
      const node = nodeAt(path);
      if (node.kind === "folder") {
        node.names = new Map();
        for (const name of fs.readdirSync(path))
          if (isKept(fs, join(path, name))) node.names.set(name, nodeAt(join(path, name)));
        return;
      }
      const size = fs.statSync(path).size;
      node.original = undefined;
      if (!changed || node.synced?.length !== size) node.synced = fs.readFileSync(path);
      else copyRanges(fs, path, node.synced, changed);
    },
    forget: (inode) => void nodes.delete(inode),
    cut: (target, random) => cutFolder(top, root, target, random),
  };
}

/**
 * A random mixture of the synced contents and the current file at `path`; if it no longer exists, the synced contents.
 */
function cutFile(fs: Files, synced: Buffer, path: string | undefined, random: () => number): Buffer {
  if (path === undefined) return synced;
  const now = fs.readFileSync(path);
  if (now.equals(synced)) return now;
  const length = random() < 0.5 ? now.length : synced.length;
  const left = Buffer.alloc(length);
  synced.copy(left, 0, 0, length);
  for (let at = 0; at < length; at += PAGE) if (random() < 0.5) now.copy(left, at, at, at + PAGE);
  return left;
}

function copyRanges(fs: Files, path: string, into: Buffer, ranges: [from: number, to: number][]): void {
  const descriptor = fs.openSync(path, "r");
  for (const [from, to] of ranges)
    fs.readSync(descriptor, into, from, Math.min(to, into.length) - from, from);
  fs.closeSync(descriptor);
}

const emptyNode = (kind: Kind): Node => ({ kind, synced: undefined, original: undefined, names: new Map() });

const isKept = (fs: Files, path: string): boolean => {
  const found = fs.lstatSync(path, { throwIfNoEntry: false });
  return found !== undefined && (found.isFile() || found.isDirectory());
};

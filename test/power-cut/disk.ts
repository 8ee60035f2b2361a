// What would be left of a folder after a power cut: the contents of a file as of its last sync, the names in a folder as
// of the folder's last sync, and of what came later any part of it, page by page and name by name, as chance has it.

import { join } from "node:path";

/** Node's, as it was before anybody put something in between. */
type Files = typeof import("node:fs");

/** A system writes whole pages. */
const PAGE = 4096;

type Kind = "file" | "folder";

/** What the disk is sure to have of a file or folder. */
interface Node {
  kind: Kind;
  /** Of a file; undefined: nothing of it was ever synced. */
  synced: Buffer | undefined;
  /** Where the contents are that it had at the start; read when they are about to change. */
  original: string | undefined;
  /** Of a folder. */
  names: Map<string, Node>;
}

export interface Disk {
  /** Before a file changes in place, or is taken away. */
  beforeChange(inode: number): void;
  /** `from` … `to` has changed since the last sync; everything when nobody knows. */
  onSync(path: string, changed: [from: number, to: number][] | undefined): void;
  /** The name of the inode goes, or becomes another's: its number may be used again. */
  forget(inode: number): void;
  /** Writes what is left into `target`, which is not there yet. */
  cut(target: string, random: () => number): void;
}

/** `copy` is a copy of `root`, made before anything changes in it: both are on the disk. */
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

/** A mixture of what was synced and what is there now, `path`; when nothing is there any more, what was synced. */
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

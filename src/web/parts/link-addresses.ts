// Makes links of addresses that stand in a text as they are. Each character is read a fixed number of times.

interface Node {
  type: string;
  value?: string;
  url?: string;
  children?: Node[];
}

const ADDRESS = /https?:\/\/[^\s<>"'`]+/g;
/** What ends a sentence does not belong to the address. */
const AFTER = new Set([".", ",", ";", ":", "!", "?", ")", "]", "}", "*", "_"]);

/** A remark plugin. */
export const linkAddresses = () => (tree: Node) => visit(tree);

function visit(node: Node): void {
  if (node.type === "link" || node.children === undefined) return;
  node.children = node.children.flatMap((child) => {
    if (child.type === "text") return split(child.value ?? "");
    visit(child);
    return [child];
  });
}

export function split(text: string): Node[] {
  const nodes: Node[] = [];
  let from = 0;
  for (const { 0: found, index } of text.matchAll(ADDRESS)) {
    const address = found.slice(0, endOf(found));
    if (address.length <= "https://".length) continue;
    if (index > from) nodes.push({ type: "text", value: text.slice(from, index) });
    nodes.push({ type: "link", url: address, children: [{ type: "text", value: address }] });
    from = index + address.length;
  }
  if (from < text.length) nodes.push({ type: "text", value: text.slice(from) });
  return nodes;
}

/** A closing bracket belongs to the address if it has the opening one. */
function endOf(address: string): number {
  const isOpen = address.includes("(");
  let end = address.length;
  while (end > 0) {
    const last = address[end - 1] ?? "";
    if (!AFTER.has(last) || (last === ")" && isOpen)) break;
    end -= 1;
  }
  return end;
}

import { gfmTableFromMarkdown } from "mdast-util-gfm-table";
import { gfmTable } from "micromark-extension-gfm-table";
import ReactMarkdown, { type Components } from "react-markdown";
import { CopyButton } from "./copy-button.tsx";
import { linkAddresses } from "./link-addresses.ts";
import classes from "./markdown.module.css";

/** react-markdown already refuses HTML and addresses of scripts; a picture would call another host. */
const COMPONENTS: Components = {
  a: ({ href, children }) => <Outside href={href}>{children}</Outside>,
  img: ({ src, alt }) => <Outside href={src}>{alt || "Picture"}</Outside>,
  pre: ({ node, children }) => {
    const { text, language } = codeIn(node);
    return (
      <div className={classes.code}>
        <div className={classes.codeHead}>
          <span>{language}</span>
          <CopyButton text={text} what="code" />
        </div>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard must be able to scroll it */}
        <pre tabIndex={0}>{children}</pre>
      </div>
    );
  },
  table: ({ children }) => (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard must be able to scroll it
    <section className={classes.table} tabIndex={0} aria-label="Table">
      <table>{children}</table>
    </section>
  ),
};

/** A refused address is empty, and would lead back to this page. */
const Outside = ({ href, children }: { href: unknown; children: React.ReactNode }) =>
  typeof href === "string" && href !== "" ? (
    <a href={href} target="_blank" rel="noopener noreferrer nofollow">
      {children}
    </a>
  ) : (
    <span>{children}</span>
  );

interface Node {
  value?: string;
  properties?: { className?: unknown };
  children?: Node[];
}

function codeIn(pre: unknown): { text: string; language: string } {
  const code = (pre as Node | undefined)?.children?.[0];
  const name = code?.properties?.className;
  const language = Array.isArray(name) ? String(name[0] ?? "").replace(/^language-/, "") : "";
  return { text: code?.children?.map(({ value = "" }) => value).join("") ?? "", language };
}

/** Tables of GitHub's Markdown. Its other extensions are left out: the one for addresses takes quadratic time. */
function tables(this: unknown): void {
  const data = (
    this as { data(): { micromarkExtensions?: unknown[]; fromMarkdownExtensions?: unknown[] } }
  ).data();
  data.micromarkExtensions = [...(data.micromarkExtensions ?? []), gfmTable()];
  data.fromMarkdownExtensions = [...(data.fromMarkdownExtensions ?? []), gfmTableFromMarkdown()];
}

const PLUGINS = [tables, linkAddresses];

export default function Rendered({ text }: { text: string }) {
  return (
    <ReactMarkdown components={COMPONENTS} remarkPlugins={PLUGINS}>
      {text}
    </ReactMarkdown>
  );
}

import { lazy, memo, Suspense, useMemo } from "react";
import { loadModule } from "../api/load-module.ts";
import classes from "./markdown.module.css";
import { blocksOf, isCostly } from "./markdown-blocks.ts";

const Rendered = lazy(() => loadModule(() => import("./markdown-rendered.tsx")));

/**
 * Markdown that somebody else wrote. Its HTML is shown as text, its pictures as links, and its code comes when needed. Of a text
 * that grows at its end, what is complete is not read again.
 */
export const Markdown = memo(({ text }: { text: string }) => {
  const blocks = useMemo(() => blocksOf(text), [text]);
  return (
    <div className={classes.markdown}>
      {blocks.map(({ at, text: block }) => (
        <Block key={at} text={block} />
      ))}
    </div>
  );
});

const Block = memo(({ text }: { text: string }) => {
  const plain = <p className={classes.plain}>{text}</p>;
  if (isCostly(text)) return plain;
  return (
    <Suspense fallback={plain}>
      <Rendered text={text} />
    </Suspense>
  );
});

import { lazy, memo, Suspense, useMemo } from "react";
import { loadModule } from "../api/load-module.ts";
import classes from "./markdown.module.css";
import { blocksOf, isCostly } from "./markdown-blocks.ts";

const Rendered = lazy(() => loadModule(() => import("./markdown-rendered.tsx")));

/**
 * Markdown that somebody else wrote. HTML in it is shown as text, and pictures as links. The renderer is loaded when it is needed. While a
 * text grows at its end, its complete blocks are not parsed again.
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

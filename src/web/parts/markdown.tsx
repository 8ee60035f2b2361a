import { lazy, memo, Suspense } from "react";
import classes from "./markdown.module.css";
import { blocksOf, isCostly } from "./markdown-blocks.ts";

const Rendered = lazy(() => import("./markdown-rendered.tsx"));

/** Markdown that somebody else wrote. Its HTML is shown as text, its pictures as links, and its code comes when needed. */
export const Markdown = memo(({ text }: { text: string }) => (
  <div className={classes.markdown}>
    <Block text={text} />
  </div>
));

/** Markdown that is still being written: what is complete is not read again with each new word. */
export function GrowingMarkdown({ text }: { text: string }) {
  return (
    <div className={classes.markdown}>
      {blocksOf(text).map(({ at, text: block }) => (
        <Block key={at} text={block} />
      ))}
    </div>
  );
}

const Block = memo(({ text }: { text: string }) => {
  const plain = <p className={classes.plain}>{text}</p>;
  if (isCostly(text)) return plain;
  return (
    <Suspense fallback={plain}>
      <Rendered text={text} />
    </Suspense>
  );
});

import { lazy, Suspense } from "react";
import classes from "./markdown.module.css";

const Rendered = lazy(() => import("./markdown-rendered.tsx"));

/** Markdown that somebody else wrote. Its HTML is shown as text, its pictures as links, and its code comes when needed. */
export function Markdown({ text }: { text: string }) {
  return (
    <div className={classes.markdown}>
      <Suspense fallback={<p className={classes.plain}>{text}</p>}>
        <Rendered text={text} />
      </Suspense>
    </div>
  );
}

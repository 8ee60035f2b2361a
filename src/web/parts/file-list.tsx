import classes from "./file-list.module.css";
import { Icon } from "./icon.tsx";
import type { ShownFile } from "./sent-files.ts";
import { Bytes } from "./units.tsx";

interface FileListProps {
  what: string;
  files: readonly ShownFile[];
  /** At the right, as what one has written oneself. */
  isAtEnd?: boolean;
}

/** Files to download; images are shown. */
export function FileList({ what, files, isAtEnd = false }: FileListProps) {
  return (
    <ul className={classes.files} aria-label={what} data-at-end={isAtEnd || undefined}>
      {files.map(({ href, name, isImage, bytes, caption = "" }) => (
        <li key={href}>
          <a href={href} download={name} className={classes.file} data-kind={isImage ? "image" : "file"}>
            {isImage ? (
              <img src={href} alt={name} loading="lazy" />
            ) : (
              <>
                <Icon name="FileText" size={18} />
                <span className="cut">{name}</span>
                <span className="faint">
                  <Bytes value={bytes} />
                </span>
              </>
            )}
          </a>
          {caption !== "" && <p className={classes.caption}>{caption}</p>}
        </li>
      ))}
    </ul>
  );
}

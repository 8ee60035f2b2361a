import { ICON_NAMES, type IconName } from "./icon-names.ts";
import sprite from "./icons.svg";

const KNOWN = new Set<string>(ICON_NAMES);

/** An icon of the sprite by its Lucide name; a name that is not there shows Plug. It is hidden from screen readers. */
export function Icon({ name, size = 16 }: { name: IconName | (string & {}); size?: number }) {
  return (
    <svg className="icon" width={size} height={size} aria-hidden="true" focusable="false">
      <use href={`${sprite}#${KNOWN.has(name) ? name : "Plug"}`} />
    </svg>
  );
}

import { MOST_CHARACTERS } from "../attachments/attachment.ts";
import type { ReadPdf } from "../attachments/read-files.ts";
import type { Config } from "../config/config.ts";
import { createConfinement } from "../runtime/confine.ts";
import { createPdfReader } from "../runtime/read-pdf.ts";
import type { Storage } from "./storage.ts";

/** One for the whole server, because it bounds how many PDFs are read at once. */
export function openPdfReader(
  { processConfinement: wanted }: Config,
  { home }: Pick<Storage, "home">,
): ReadPdf {
  const confine = () => createConfinement({ home: home.path, wanted });
  return createPdfReader({ home: home.path, confine, mostCharacters: MOST_CHARACTERS });
}

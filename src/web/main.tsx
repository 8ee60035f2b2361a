// The admin UI's entry.

import { createRoot } from "react-dom/client";
import { reportBrowserErrors } from "./api/report.ts";
import { App } from "./app.tsx";

const nonce = document.querySelector<HTMLMetaElement>("meta[name=heddle-style]")?.nonce ?? "";
// Libraries that write style elements without asking Mantine look here (get-nonce).
Object.assign(globalThis, { __webpack_nonce__: nonce });

reportBrowserErrors();
const root = document.getElementById("root");
if (root) createRoot(root).render(<App nonce={nonce} />);

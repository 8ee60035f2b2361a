// Rules about dispatchers, and about the places where answers are sent.

import { nearest } from "../../../schema/nearest.ts";
import { codeOf, locationOf, occurrences, type Subject, withoutComments } from "../subject.ts";
import type { Rule } from "./rule.ts";

export const DISPATCH_RULES: Rule[] = [
  {
    id: "dispatcher-config",
    level: "warning",
    about: "Dispatchers declare the shape of their dispatch_config.",
    check: (subject) =>
      [...(subject.loaded?.dispatchers ?? [])]
        .filter(([, { config }]) => !config)
        .map(([type]) => ({
          message: `The dispatcher ${type} has no config schema, so a wrong dispatch_config shows only when an answer cannot be delivered.`,
          fix: "Add config: t.Object({ … }); it is then checked when a message is injected.",
          ...locationOf(subject, `"${type}"`, subject.found.files.dispatcher),
        })),
  },
  {
    id: "dispatcher-post",
    level: "info",
    about: "Dispatchers can post texts that no run made.",
    check: (subject) =>
      [...(subject.loaded?.dispatchers ?? [])]
        .filter(([, { postMessage }]) => !postMessage)
        .map(([type]) => ({
          message: `The dispatcher ${type} has no postMessage, so notices and mirrored messages do not arrive.`,
          fix: "Add postMessage({ config, text }, ctx).",
          ...locationOf(subject, `"${type}"`, subject.found.files.dispatcher),
        })),
  },
  {
    id: "dispatcher-receipt",
    level: "warning",
    about: "Dispatchers return a receipt.",
    check: (subject) =>
      [...(subject.loaded?.dispatchers ?? [])].flatMap(([type, { deliver, postMessage }]) =>
        Object.entries({ deliver, postMessage })
          .filter(([, method]) => method && returnsNothing(method))
          .map(([name]) => ({
            message: `${name}() of the dispatcher ${type} returns nothing, so nothing shows that the other side has it.`,
            fix: "Return { receipt: … } with what the other side answered, such as the id of the message.",
            ...locationOf(subject, `"${type}"`, subject.found.files.dispatcher),
          })),
      ),
  },
  {
    id: "dispatch-types",
    level: "warning",
    about: "The dispatch types that the code writes out exist.",
    check: (subject) => {
      const own = [...(subject.loaded?.dispatchers.keys() ?? [])];
      if (!subject.loaded) return [];
      return codeOf(subject)
        .flatMap((file) => occurrences({ ...file, text: withoutComments(file.text) }, WRITTEN_TYPE))
        .filter(({ match }) => isUnknown(match[1] ?? "", own, subject))
        .map(({ file, line, match }) => ({
          message: `A dispatch_config has the type "${match[1]}", for which this integration registers no dispatcher.`,
          fix: remedy(match[1] ?? "", own),
          file,
          line,
        }));
    },
  },
];

/** A function that only throws, or that is not written in JavaScript, does not count. */
function returnsNothing(method: (...given: never[]) => unknown): boolean {
  const source = String(method);
  const isArrow = /^(?:async\b)?\s*(?:\(|[\w$]+\s*=>)/.test(source);
  const hasBlock = !isArrow || /^\s*\{/.test(source.slice(source.indexOf("=>") + 2));
  if (!hasBlock || source.includes("[native code]")) return false;
  return !/\breturn\b(?!\s*[;}])|\bthrow\b/.test(source);
}

const CORE_TYPES = ["none", "webhook", "internal"];
const WRITTEN_TYPE = /dispatch_?[cC]onfig["']?\s*[:=]\s*\{[^{}]*?\btype["']?\s*:\s*["'`]([\w.-]+)["'`]/g;

/**
 * An integration may use another one's dispatcher, which is not known here. So only those are reported that look like the
 * author's own: in an integration that has dispatchers, or with nearly its id.
 */
const isUnknown = (type: string, own: string[], { found }: Subject): boolean =>
  ![...CORE_TYPES, ...own].includes(type) && (own.length > 0 || nearest(type, [found.id]) !== undefined);

function remedy(type: string, own: string[]): string {
  const meant = nearest(type, [...own, ...CORE_TYPES]) ?? own[0];
  return meant === undefined
    ? `Add dispatcher.ts with registerDispatcher("${type}", { … }).`
    : `Write "${meant}"; with another integration's dispatcher that integration has to be enabled.`;
}

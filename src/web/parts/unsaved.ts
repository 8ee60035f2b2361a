// What somebody has typed and not yet saved. Every form and editor is known here, so that whatever would take one away can ask first
// (`shell/ask-before-leaving.tsx`, `dialog.tsx`).

import { type RefObject, useEffect, useRef } from "react";
import { create } from "zustand";

type Field = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

interface Form {
  element: Element;
  isUnsaved(): boolean;
  sent(): void;
  giveUp(): void;
}

const forms = new Set<Form>();

type Leave = () => void;

/** The question that is open: what happens if the person leaves all the same. */
export const useLeaving = create<{ leave: (() => void) | undefined }>()(() => ({ leave: undefined }));

const unsavedIn = (within: Element): Form[] =>
  [...forms].filter((form) => within.contains(form.element) && form.isUnsaved());

/** Whether something that was typed there would be lost. */
export const isUnsaved = (within: Element = document.body): boolean => unsavedIn(within).length > 0;

/** Does it, after a question if something that was typed there would be lost. */
export function leaveForms(within: Element, leave: Leave): void {
  const left = unsavedIn(within);
  const goOn = () => {
    for (const form of left) form.giveUp();
    leave();
  };
  if (left.length === 0) goOn();
  else if (!useLeaving.getState().leave) useLeaving.setState({ leave: goOn });
}

/** For a button that sends the form in which it is, and is not the one of the form. */
export function sentFormAround(button: Element): void {
  for (const form of forms) if (form.element.contains(button)) form.sent();
}

let isKeeping = false;

/** Goes to another address of the same page, which takes nothing away: another filter. */
export function keepForms(go: () => void): void {
  isKeeping = true;
  try {
    go();
  } finally {
    isKeeping = false;
  }
}

/** Whether the address changes in such a way right now. */
export const keepsForms = (): boolean => isKeeping;

export interface Unsaved<Holder extends Element> {
  ref: RefObject<Holder | null>;
  /** It was sent: what is typed from now on is new. What is refused counts again. */
  sent(): void;
  /** The person does not want it any more. */
  giveUp(): void;
}

/** What a field was before somebody typed into it, and what it was made; what code has put there since is not typed. */
interface Typed {
  was: string;
  made?: string;
}

type AllTyped = Map<Field, Typed>;

/** For the element that holds the fields of a form. `refused` is what the last attempt to save has ended with. */
export function useUnsaved<Holder extends Element>(refused: unknown): Unsaved<Holder> {
  const ref = useRef<Holder>(null);
  const typed = useRef<AllTyped>(new Map());
  const inFlight = useRef<AllTyped>(new Map());
  const { current: form } = useRef<Omit<Form, "element">>({
    isUnsaved: () => [...typed.current].some(isStillThere),
    sent: () => {
      inFlight.current = typed.current;
      typed.current = new Map();
    },
    giveUp: () => typed.current.clear(),
  });
  useEffect(() => {
    if (!ref.current) return;
    const stop = noteWhatIsTyped(ref.current, () => typed.current);
    const known = { ...form, element: ref.current };
    forms.add(known);
    return () => {
      stop();
      forms.delete(known);
    };
  }, [form]);
  useEffect(() => {
    if (refused === undefined || refused === null) return;
    typed.current = new Map([...typed.current, ...inFlight.current]);
    inFlight.current.clear();
  }, [refused]);
  return { ...form, ref };
}

function isStillThere([field, { was, made }]: [Field, Typed]): boolean {
  const text = textOf(field);
  return field.isConnected && text !== was && (made === undefined || text === made);
}

/** Just before these, a field still is what it was. */
const BEFORE = ["focusin", "pointerdown", "keydown", "beforeinput"];

/** A list of choices does not say that it has changed; one in which somebody was is looked at later. */
const CHOICES = "[aria-haspopup=listbox]";

function noteWhatIsTyped(holder: Element, typed: () => AllTyped): () => void {
  const before = new WeakMap<Field, string>();
  const onBefore = ({ target }: Event) => {
    if (!isField(target) || typed().has(target)) return;
    before.set(target, textOf(target));
    if (target.matches(CHOICES)) typed().set(target, { was: textOf(target) });
  };
  const onInput = ({ type, target }: Event) => {
    if (!isField(target) || target.matches(CHOICES)) return;
    const known = typed().get(target);
    if (!known && type === "focusout") return;
    const one = known ?? { was: before.get(target) ?? "" };
    typed().set(target, one);
    // The field itself may write it in another way: "$7".
    setTimeout(() => {
      one.made = textOf(target);
    });
  };
  const listeners = [
    ...BEFORE.map((event) => [event, onBefore] as const),
    ["input", onInput] as const,
    ["focusout", onInput] as const,
  ];
  for (const [event, listener] of listeners) holder.addEventListener(event, listener, { capture: true });
  return () => {
    for (const [event, listener] of listeners) holder.removeEventListener(event, listener, { capture: true });
  };
}

const isField = (target: unknown): target is Field =>
  target instanceof HTMLInputElement ||
  target instanceof HTMLTextAreaElement ||
  target instanceof HTMLSelectElement;

function textOf(field: Field): string {
  if (field instanceof HTMLInputElement && /^(checkbox|radio)$/.test(field.type))
    return String(field.checked);
  // What was chosen of several stands beside the field, each with a button that removes it.
  const chosen = field.closest(".mantine-PillGroup-group")?.textContent ?? "";
  return `${field.value}\n${chosen}`;
}

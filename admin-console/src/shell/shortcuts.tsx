import {
  createContext,
  type ReactNode,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
} from "react";

interface Shortcut {
  /** One key, or two with a blank between them: `j`, `g q`. */
  readonly keys: string;
  readonly label: string;
  readonly run: () => void;
}

interface Shortcuts {
  readonly list: readonly Shortcut[];
  readonly add: (shortcut: Shortcut) => () => void;
  readonly areOn: boolean;
  readonly turn: (on: boolean) => void;
}

const ShortcutContext = createContext<Shortcuts | null>(null);
const KEY = "back-office.shortcuts";
const PAIR_MS = 1_200;

const TYPING = "input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]";

/** Keys belong to whoever is typing, to the browser's own shortcuts, and to an open window. */
function isTaken(event: KeyboardEvent): boolean {
  const { target } = event;
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return true;
  if (document.querySelector("dialog[open]")) return true;
  return target instanceof Element && target.matches(TYPING);
}

function useKeys(list: readonly Shortcut[], areOn: boolean): void {
  const latest = useRef(list);
  latest.current = list;
  useEffect(() => {
    if (!areOn) return undefined;
    let before = { key: "", at: 0 };
    const press = (event: KeyboardEvent) => {
      if (isTaken(event)) return;
      const pair = Date.now() - before.at < PAIR_MS ? `${before.key} ${event.key}` : "";
      const found =
        latest.current.findLast(({ keys }) => keys === pair) ??
        latest.current.findLast(({ keys }) => keys === event.key);
      before = { key: event.key, at: Date.now() };
      if (!found) return;
      event.preventDefault();
      found.run();
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, [areOn]);
}

export function ShortcutProvider({ children }: { readonly children: ReactNode }) {
  const [list, setList] = useState<readonly Shortcut[]>([]);
  const [areOn, setOn] = useState(() => window.localStorage.getItem(KEY) !== "off");
  const add = useCallback((shortcut: Shortcut) => {
    setList((present) => [...present, shortcut]);
    return () => setList((present) => present.filter((each) => each !== shortcut));
  }, []);
  const turn = useCallback((on: boolean) => {
    window.localStorage.setItem(KEY, on ? "on" : "off");
    setOn(on);
  }, []);
  useKeys(list, areOn);
  const value = useMemo(() => ({ list, add, areOn, turn }), [list, add, areOn, turn]);
  return <ShortcutContext value={value}>{children}</ShortcutContext>;
}

export function useShortcuts(): Shortcuts {
  const value = useContext(ShortcutContext);
  if (!value) throw new Error("useShortcuts is for components inside ShortcutProvider.");
  return value;
}

/** A key for as long as the component is there; it stands in the list that `?` shows. */
export function useShortcut(keys: string, label: string, run: () => void, isOffered = true): void {
  const { add } = useShortcuts();
  const latest = useRef(run);
  latest.current = run;
  useEffect(
    () => (isOffered ? add({ keys, label, run: () => latest.current() }) : undefined),
    [add, keys, label, isOffered],
  );
}

/** `j` and `k` walk the links of a list that carry `data-row`; Enter opens one, as with any link. */
export function useRowKeys(what: string): void {
  const step = (by: number) => {
    const rows = [...document.querySelectorAll<HTMLElement>("main [data-row]")];
    const here = rows.findIndex((row) => row.matches(":focus"));
    const next = here === -1 ? (by > 0 ? 0 : rows.length - 1) : here + by;
    rows.at(Math.min(Math.max(next, 0), rows.length - 1))?.focus();
  };
  useShortcut("j", `Next ${what}`, () => step(1));
  useShortcut("k", `Previous ${what}`, () => step(-1));
}

import { type ReactNode, useEffect, useState } from "react";
import { Link, useLocation } from "wouter";
import type { Me } from "../../../supabase/functions/_shared/generated/contract.ts";
import { useAuth } from "../auth/auth-context.tsx";
import { useIdleSignOut } from "../auth/idle.ts";
import { type PageRoute, SECTIONS } from "../routes.ts";
import { Badge, Button } from "../ui/basics.tsx";
import { words } from "../ui/format.ts";
import { ShortcutList } from "./shortcut-list.tsx";
import { useShortcut } from "./shortcuts.tsx";
import { chooseTheme, chosenTheme, THEMES } from "./theme.ts";

function ThemeSwitch() {
  const [theme, setTheme] = useState(chosenTheme);
  return (
    <label className="theme">
      <span className="visually-hidden">Colours</span>
      <select
        value={theme}
        onChange={({ currentTarget }) => {
          const next = THEMES.find((each) => each === currentTarget.value) ?? "system";
          chooseTheme(next);
          setTheme(next);
        }}
      >
        {THEMES.map((each) => (
          <option key={each} value={each}>
            {each === "system" ? "As the system" : words(each)}
          </option>
        ))}
      </select>
    </label>
  );
}

/** The keys of one entry; a component, because each has a hook of its own. */
function NavKey({ route: { path, nav } }: { readonly route: PageRoute }) {
  const [, go] = useLocation();
  useShortcut(`g ${nav?.letter}`, `Go to: ${nav?.label}`, () => go(path));
  return null;
}

const isBelow = (location: string, path: string) =>
  path === "/"
    ? location === "/" || location.startsWith("/cases/")
    : location === path || location.startsWith(`${path}/`);

function Navigation({ routes }: { readonly routes: readonly PageRoute[] }) {
  const [location] = useLocation();
  const entries = routes.filter(({ nav }) => nav);
  return (
    <nav aria-label="Pages">
      {entries.map((route) => (
        <NavKey key={route.path} route={route} />
      ))}
      {SECTIONS.map((section) => {
        const own = entries.filter(({ nav }) => nav?.section === section);
        if (own.length === 0) return null;
        return (
          <div key={section}>
            <h2>{section}</h2>
            <ul>
              {own.map(({ path, nav }) => (
                <li key={path}>
                  <Link href={path} aria-current={isBelow(location, path) ? "page" : undefined}>
                    {nav?.label}
                  </Link>
                </li>
              ))}
            </ul>
          </div>
        );
      })}
    </nav>
  );
}

function Person({ me, onHelp }: { readonly me: Me; readonly onHelp: () => void }) {
  const { signOut } = useAuth();
  return (
    <div className="person">
      <p className="email" title={me.email}>
        {me.email}
      </p>
      <p>
        {me.roles.map((role) => (
          <Badge key={role}>{words(role)}</Badge>
        ))}
      </p>
      <ul>
        <li>
          <Link href="/account">Your account</Link>
        </li>
        <li>
          <Button look="quiet" onClick={onHelp}>
            Shortcuts <kbd>?</kbd>
          </Button>
        </li>
        <li>
          <Button look="quiet" onClick={() => void signOut()}>
            Sign out
          </Button>
        </li>
      </ul>
      <ThemeSwitch />
    </div>
  );
}

/** Says that the session is about to end; any key or click prolongs it. */
function IdleWarning() {
  const { config, signOut } = useAuth();
  const left = useIdleSignOut(
    config.idle_minutes,
    () => void signOut("You were signed out because nothing happened for a while."),
  );
  if (left === null) return null;
  return (
    <div className="idle notice warn" role="alert">
      You will be signed out soon, because nothing happens. Press any key to stay.
      <span aria-hidden="true"> ({left} s)</span>
    </div>
  );
}

interface ShellProps {
  readonly me: Me;
  readonly routes: readonly PageRoute[];
  readonly children: ReactNode;
}

/** What surrounds each page. */
export function Shell({ me, routes, children }: ShellProps) {
  const [location] = useLocation();
  const [isHelpOpen, setHelpOpen] = useState(false);
  const [isMenuOpen, setMenuOpen] = useState(false);
  useShortcut("?", "Show this list", () => setHelpOpen(true));
  // biome-ignore lint/correctness/useExhaustiveDependencies: the menu closes whenever another page comes
  useEffect(() => {
    setMenuOpen(false);
    window.scrollTo(0, 0);
  }, [location]);
  return (
    <div className="shell">
      <a className="skip" href="#main">
        Skip to the content
      </a>
      <div className="bar">
        <Link href="/" className="brand">
          Back office
        </Link>
        <button
          type="button"
          className="button quiet menu"
          aria-expanded={isMenuOpen}
          aria-controls="side"
          onClick={() => setMenuOpen(!isMenuOpen)}
        >
          Menu
        </button>
        <div className="side" id="side" data-open={isMenuOpen}>
          <Navigation routes={routes} />
          <Person me={me} onHelp={() => setHelpOpen(true)} />
        </div>
      </div>
      <main id="main" tabIndex={-1}>
        <IdleWarning />
        {children}
      </main>
      {isHelpOpen && <ShortcutList onClose={() => setHelpOpen(false)} />}
    </div>
  );
}

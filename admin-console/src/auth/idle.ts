import { useEffect, useRef, useState } from "react";

const ACTIVITY = ["pointerdown", "keydown", "wheel", "touchstart"] as const;
const CHECK_MS = 1_000;
/** How long before the end the warning is shown, at most. */
const WARNING_MS = 60_000;

/**
 * Ends the session of a desk that was left. Counts by the clock, so that a suspended laptop does not
 * prolong it. Answers the seconds that are left once it warns, else null.
 */
export function useIdleSignOut(minutes: number, onIdle: () => void): number | null {
  const lastActive = useRef(Date.now());
  const [secondsLeft, setSecondsLeft] = useState<number | null>(null);
  const end = useRef(onIdle);
  end.current = onIdle;

  useEffect(() => {
    const limitMs = minutes * 60_000;
    const warningMs = Math.min(WARNING_MS, limitMs / 2);
    const note = () => {
      lastActive.current = Date.now();
      setSecondsLeft(null);
    };
    const check = () => {
      const leftMs = limitMs - (Date.now() - lastActive.current);
      if (leftMs <= 0) end.current();
      else setSecondsLeft(leftMs <= warningMs ? Math.ceil(leftMs / 1_000) : null);
    };
    for (const event of ACTIVITY) window.addEventListener(event, note, { passive: true });
    const timer = setInterval(check, CHECK_MS);
    return () => {
      for (const event of ACTIVITY) window.removeEventListener(event, note);
      clearInterval(timer);
    };
  }, [minutes]);
  return secondsLeft;
}

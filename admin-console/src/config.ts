/** What a deployment tells the console, in `config.json` beside the page. Nothing in it is secret. */
export interface ConsoleConfig {
  /** Origin of the Supabase project; empty for the page's own. */
  readonly supabase_url: string;
  readonly publishable_key: string;
  /** Minutes without a key press or a click after which the session ends. */
  readonly idle_minutes: number;
}

const DEFAULT_IDLE_MINUTES = 15;

/** Reads the settings of this deployment. */
export async function loadConfig(): Promise<ConsoleConfig> {
  const response = await fetch(`${import.meta.env.BASE_URL}config.json`, { cache: "no-cache" });
  if (!response.ok) throw new Error(`config.json answers ${response.status}.`);
  const given: Partial<ConsoleConfig> = await response.json();
  if (!given.publishable_key) throw new Error("config.json names no publishable_key.");
  return {
    supabase_url: (given.supabase_url || window.location.origin).replace(/\/$/, ""),
    publishable_key: given.publishable_key,
    idle_minutes: given.idle_minutes ?? DEFAULT_IDLE_MINUTES,
  };
}

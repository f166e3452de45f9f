import type { AuthToml } from "../config-toml.ts";

const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** Globs as Supabase Auth reads them: `*` stops at `.` and `/`, `**` does not. */
function globToRegExp(glob: string): RegExp {
  const source = glob.replaceAll(/\*\*|\*|\?|[.+^${}()|[\]\\]/g, (part) => {
    if (part === "**") return ".*";
    if (part === "*") return "[^./]*";
    if (part === "?") return "[^./]";
    return `\\${part}`;
  });
  return new RegExp(`^${source}$`);
}

function sameSite(target: URL, siteUrl: string): boolean {
  const site = URL.canParse(siteUrl) ? new URL(siteUrl) : undefined;
  if (!site || site.hostname !== target.hostname || site.protocol !== target.protocol) return false;
  return site.port === target.port || LOOPBACK.has(target.hostname);
}

/** Where a link may lead: the site itself, or what `additional_redirect_urls` allows. */
function isAllowedRedirect(url: string, config: AuthToml): boolean {
  if (!URL.canParse(url)) return false;
  const target = new URL(url);
  if (sameSite(target, config.site_url)) return true;
  // Numbers for hosts hide where a link leads; only the own machine is accepted.
  if (/^(\d|\[)/.test(target.hostname) && !LOOPBACK.has(target.hostname)) return false;
  const bare = url.split("#", 1)[0] ?? url;
  return config.additional_redirect_urls.some((glob) => globToRegExp(glob).test(bare));
}

/** The wanted target when it is allowed, else the page that asked, else the site. */
export function redirectTarget(
  config: AuthToml,
  wanted: string | null | undefined,
  referer?: string | null,
): string {
  for (const url of [wanted, referer]) {
    if (url && isAllowedRedirect(url, config)) return url;
  }
  return config.site_url;
}

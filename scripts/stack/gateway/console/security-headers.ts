/**
 * What every file of the console is sent with. Nothing inline, nothing from another host, no frame
 * around it; images may be `data:`, because an enrolment's QR code is one. `api` is the project's origin
 * where that is not the page's own.
 */
export function securityHeaders(api?: string): Readonly<Record<string, string>> {
  const sockets = api?.replace(/^http/, "ws");
  const from = (...hosts: (string | undefined)[]) => ["'self'", ...hosts].filter(Boolean).join(" ");
  const policy = [
    "default-src 'self'",
    `connect-src ${from(api, sockets)}`,
    `img-src ${from(api, "data:")}`,
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ];
  return {
    "Content-Security-Policy": policy.join("; "),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
  };
}

import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { mayRetry } from "./api/problem.ts";
import { App } from "./app.tsx";
import { AuthProvider } from "./auth/auth-context.tsx";
import { createAuth } from "./auth/session.ts";
import { loadConfig } from "./config.ts";
import { ShortcutProvider } from "./shell/shortcuts.tsx";
import { applyTheme } from "./shell/theme.ts";
import { Notice } from "./ui/notice.tsx";
import "./styles/base.css";
import "./styles/parts.css";
import "./styles/shell.css";
import "./styles/pages.css";

const RETRIES = 2;

applyTheme();
const root = createRoot(document.getElementById("root") ?? document.body);
const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      retry: (failures, error) => failures < RETRIES && mayRetry(error),
    },
  },
});

try {
  const config = await loadConfig();
  root.render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <AuthProvider auth={createAuth(config)} config={config}>
          <ShortcutProvider>
            <App />
          </ShortcutProvider>
        </AuthProvider>
      </QueryClientProvider>
    </StrictMode>,
  );
} catch (error) {
  root.render(
    <main className="alone">
      <Notice tone="bad" title="The console could not start">
        <p>{error instanceof Error ? error.message : String(error)}</p>
      </Notice>
    </main>,
  );
}

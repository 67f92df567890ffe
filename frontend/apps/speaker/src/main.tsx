import "@babelcast/shared/theme.css";
import "./style/index.css";
import { loadConfig } from "@babelcast/shared/config";
import { ErrorBoundary, FailurePage } from "@babelcast/shared/error-boundary";
import { render } from "preact";
import { App } from "./app.js";
import { AppState } from "./app-state.js";
import { interfaceLanguage, texts } from "./texts.js";

async function start(root: HTMLElement): Promise<void> {
  document.documentElement.lang = interfaceLanguage;
  try {
    const app = new AppState(await loadConfig());
    render(
      <ErrorBoundary {...texts.failed}>
        <App app={app} />
      </ErrorBoundary>,
      root,
    );
  } catch {
    render(<FailurePage {...texts.failed} />, root);
  }
}

const root = document.getElementById("app");
if (root !== null) void start(root);

import { type Config, loadConfig } from "@babelcast/shared/config";
import { ErrorBoundary, FailurePage } from "@babelcast/shared/error-boundary";
import { render } from "preact";
import { App } from "./app";
import { applyAppearance, settings } from "./settings";
import { interfaceLanguage, t } from "./t";

async function start(root: HTMLElement): Promise<void> {
  document.documentElement.lang = interfaceLanguage;
  applyAppearance(settings.values.value);
  let config: Config;
  try {
    config = await loadConfig();
  } catch {
    render(<FailurePage title={t.failedTitle} hint={t.configFailed} reload={t.reload} />, root);
    return;
  }
  render(
    <ErrorBoundary title={t.failedTitle} hint={t.failedHint} reload={t.reload}>
      <App config={config} />
    </ErrorBoundary>,
    root,
  );
}

const root = document.getElementById("app");
if (root !== null) void start(root);

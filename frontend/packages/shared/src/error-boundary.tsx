import { Component, type ComponentChildren } from "preact";

interface Props {
  /** What happened, in a sentence. */
  title: string;
  /** What to do about it. */
  hint: string;
  /** On the button that loads the page again. */
  reload: string;
  children: ComponentChildren;
}

/** Shows a page with a way out instead of a half-drawn one when a component fails. */
export class ErrorBoundary extends Component<Props, { failed: boolean }> {
  override state = { failed: false };

  static override getDerivedStateFromError(): { failed: boolean } {
    return { failed: true };
  }

  override render() {
    if (!this.state.failed) return this.props.children;
    return <FailurePage title={this.props.title} hint={this.props.hint} reload={this.props.reload} />;
  }
}

/** The page that {@link ErrorBoundary} shows; also for a failure before there is anything to show. */
export function FailurePage({ title, hint, reload }: Omit<Props, "children">) {
  return (
    <main class="failure-page" data-state="failed">
      <h1>{title}</h1>
      <p role="alert">{hint}</p>
      <button type="button" class="button primary" onClick={() => location.reload()}>
        {reload}
      </button>
    </main>
  );
}

import { useEffect, useRef } from "preact/hooks";

/** A new page begins at its heading, for those who do not see that it has changed; the first one begins at the top. */
export function useFocusOnChange(page: string): void {
  const shown = useRef(page);
  useEffect(() => {
    if (shown.current === page) return;
    shown.current = page;
    document.querySelector<HTMLElement>("main h1[tabindex]")?.focus();
  }, [page]);
}

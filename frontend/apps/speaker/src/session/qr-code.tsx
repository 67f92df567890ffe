import { useMemo } from "preact/hooks";
import { encode } from "uqr";

interface Props {
  text: string;
  label: string;
}

/** A QR code, dark on light whatever the theme, with the quiet border that cameras need. */
export function QrCode({ text, label }: Props) {
  const { size, path } = useMemo(() => {
    const code = encode(text, { ecc: "M", border: 3 });
    return { size: code.size, path: drawModules(code.data) };
  }, [text]);
  return (
    <svg class="qr" viewBox={`0 0 ${String(size)} ${String(size)}`} role="img" aria-label={label}>
      <rect width={size} height={size} class="qr-ground" />
      <path d={path} class="qr-modules" />
    </svg>
  );
}

/** The dark modules as one path, a stroke for each run in a row. */
function drawModules(rows: readonly (readonly boolean[])[]): string {
  let path = "";
  rows.forEach((row, y) => {
    let start = -1;
    [...row, false].forEach((isDark, x) => {
      if (isDark && start < 0) start = x;
      if (!isDark && start >= 0) {
        path += `M${String(start)} ${String(y)}h${String(x - start)}v1h${String(start - x)}z`;
        start = -1;
      }
    });
  });
  return path;
}

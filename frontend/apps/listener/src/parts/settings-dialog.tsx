import type { CaptionFormat } from "@babelcast/shared/captions/caption-files";
import type { ComponentChildren } from "preact";
import { settings, TEXT_SIZES } from "../settings";
import { t } from "../t";
import { Dialog } from "./dialog";
import { SaveCaptions } from "./save-captions";

interface Props {
  projectorAddress: string;
  onSave: (format: CaptionFormat) => void;
  onLeave: () => void;
  onClose: () => void;
}

/** Everything about the text, and what is needed rarely. */
export function SettingsDialog({ projectorAddress, onSave, onLeave, onClose }: Props) {
  const { textSize, theme, contrast, showOriginal, screenOn } = settings.values.value;
  return (
    <Dialog title={t.settings} onClose={onClose}>
      <div class="setting-row">
        <span id="text-size">{t.textSize}</span>
        <div class="stepper" role="group" aria-labelledby="text-size">
          <StepButton label={t.smaller} size={textSize - 1} letter="small" />
          <output>{t.sizeOf(TEXT_SIZES[textSize] ?? 100)}</output>
          <StepButton label={t.larger} size={textSize + 1} letter="large" />
        </div>
      </div>
      <Switch checked={showOriginal} onChange={(checked) => settings.change({ showOriginal: checked })}>
        {t.showOriginal}
      </Switch>
      <Switch
        checked={contrast === "high" || (contrast === "auto" && matchMedia("(prefers-contrast: more)").matches)}
        onChange={(checked) => settings.change({ contrast: checked ? "high" : "normal" })}
      >
        {t.contrast}
      </Switch>
      <fieldset class="setting-row">
        <legend>{t.theme}</legend>
        <div class="segments">
          {(["auto", "light", "dark"] as const).map((choice) => (
            <label key={choice}>
              <input
                type="radio"
                name="theme"
                class="visually-hidden"
                checked={theme === choice}
                onChange={() => settings.change({ theme: choice })}
              />
              <span>{t.themes[choice]}</span>
            </label>
          ))}
        </div>
      </fieldset>
      {"wakeLock" in navigator && (
        <Switch checked={screenOn} onChange={(checked) => settings.change({ screenOn: checked })}>
          {t.screenOn}
        </Switch>
      )}
      <SaveCaptions onSave={onSave} />
      <div class="dialog-end">
        <a class="button" href={projectorAddress} target="_blank" rel="noopener">
          {t.projector}
        </a>
        <button type="button" class="button danger" onClick={onLeave}>
          {t.leave}
        </button>
      </div>
    </Dialog>
  );
}

function StepButton({ label, size, letter }: { label: string; size: number; letter: "small" | "large" }) {
  return (
    <button
      type="button"
      class={`button ${letter}`}
      aria-label={label}
      disabled={size < 0 || size >= TEXT_SIZES.length}
      onClick={() => settings.change({ textSize: size })}
    >
      A
    </button>
  );
}

interface SwitchProps {
  checked: boolean;
  onChange: (checked: boolean) => void;
  children: ComponentChildren;
}

function Switch({ checked, onChange, children }: SwitchProps) {
  return (
    <label class="setting-row switch">
      <span>{children}</span>
      <input type="checkbox" checked={checked} onChange={(event) => onChange(event.currentTarget.checked)} />
    </label>
  );
}
